"""Which TCP ports a process takes: its sockets' inodes, looked up in /proc/PID/net/tcp."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def ports_of(pid: int) -> set[int]:
    inodes = socket_inodes(pid)
    found: set[int] = set()
    for name in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
        except OSError:
            continue  # no IPv6
        found |= local_ports(lines[1:], inodes)
    return found


def local_ports(lines: Iterable[str], inodes: set[int]) -> set[int]:
    """The lines look like '0: 0100007F:9C40 0100007F:1F90 01 …', with the inode in the tenth column."""
    found = set()
    for line in lines:
        columns = line.split()
        if len(columns) > 9 and int(columns[9]) in inodes:
            found.add(int(columns[1].rpartition(":")[2], 16))
    return found


def socket_inodes(pid: int) -> set[int]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            link = str(entry.readlink())
        except OSError:
            continue  # closed in the meantime
        if match := re.fullmatch(r"socket:\[(\d+)\]", link):
            found.add(int(match[1]))
    return found
