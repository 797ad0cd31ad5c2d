"""The descriptors of a process and what its epoll instances watch, from /proc/PID/fd and /proc/PID/fdinfo."""

from __future__ import annotations

import os
import re
import select
from dataclasses import dataclass
from pathlib import Path

from muxlab.proc import descriptor_numbers

_ONESHOT = 1 << 30
_EDGE = 1 << 31
_EPOLL = "anon_inode:[eventpoll]"
_WATCHED = re.compile(
    r"^tfd: *(\d+) events: *([0-9a-f]+) data: *([0-9a-f]+)(?:\s+pos: *\d+ ino: *([0-9a-f]+) sdev: *([0-9a-f]+))?", re.M
)


@dataclass(frozen=True)
class Descriptor:
    number: int
    target: str
    """'socket:[4711]', 'pipe:[12]', 'anon_inode:[eventfd]', '/dev/null'."""
    flags: int

    @property
    def nonblocking(self) -> bool:
        return bool(self.flags & os.O_NONBLOCK)

    @property
    def cloexec(self) -> bool:
        return bool(self.flags & os.O_CLOEXEC)

    @property
    def is_socket(self) -> bool:
        return self.target.startswith("socket:")

    @property
    def is_epoll(self) -> bool:
        return self.target == _EPOLL

    @property
    def inode(self) -> int | None:
        """Of a socket or a pipe."""
        found = re.search(r":\[(\d+)\]$", self.target)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Registration:
    """One entry of an epoll instance's interest list."""

    epoll: int
    fd: int
    """The number it had when it was registered."""
    events: int
    data: int
    inode: int | None
    """Of the open file that is watched, whatever its number now; None on kernels that do not tell."""

    @property
    def edge(self) -> bool:
        return bool(self.events & _EDGE)

    @property
    def oneshot(self) -> bool:
        return bool(self.events & _ONESHOT)

    @property
    def reads(self) -> bool:
        return bool(self.events & select.EPOLLIN)

    @property
    def writes(self) -> bool:
        return bool(self.events & select.EPOLLOUT)


def descriptors(pid: int) -> dict[int, Descriptor]:
    """By number. What was closed while we looked is left out."""
    found = {}
    for name in descriptor_numbers(pid):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115 (a Path would tidy 'socket:[1]')
            flags = re.search(r"^flags:\s*(\d+)", Path(f"/proc/{pid}/fdinfo/{name}").read_text(), re.M)
        except OSError:
            continue
        found[int(name)] = Descriptor(int(name), target, int(flags[1], 8) if flags else 0)
    return found


def registrations(pid: int) -> list[Registration]:
    """Of all epoll instances of the process."""
    found = []
    for descriptor in descriptors(pid).values():
        if not descriptor.is_epoll:
            continue
        try:
            text = Path(f"/proc/{pid}/fdinfo/{descriptor.number}").read_text()
        except OSError:
            continue
        for entry in _WATCHED.finditer(text):
            inode = int(entry[4], 16) if entry[4] else None
            found.append(Registration(descriptor.number, int(entry[1]), int(entry[2], 16), int(entry[3], 16), inode))
    return found
