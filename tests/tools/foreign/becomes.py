"""Becomes a program that listens and says so on stderr; its words make the contract's first line on stdout.

A child reads them, prints that line, and hands on the rest. It stays until the program ends: there is always a reader.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Sequence


def become(command: Sequence[str], listening: str) -> None:
    """`listening` finds the address and the port in what the program says."""
    reading, writing = os.pipe()
    if os.fork():
        os.dup2(writing, 2)
        os.closerange(3, 64)
        os.execvp(command[0], [*command])
    os.close(writing)
    with os.fdopen(reading) as words:
        for line in words:
            if found := re.search(listening, line):
                host = str(ipaddress.ip_address(found[1].strip("[]")))
                print(
                    f"listening on [{host}]:{found[2]}" if ":" in host else f"listening on {host}:{found[2]}",
                    flush=True,
                )
            else:
                print(line, end="", file=sys.stderr, flush=True)
