"""From strace -k's stacks to 'epoll_server.cpp:41': the innermost line that is in a lab, not in common/ or libc."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from muxlab.strace.trace import Call

# '/path/03_epoll_lt(mux::Socket::receive(…)+0x2a) [0x1234]'; without a name '/path/03_epoll_lt() [0x1234]', or
# '/path/03_epoll_lt [0x1234]'
_FRAME = re.compile(r"(?P<file>[^(]+?)(?:\(.*\))? \[0x(?P<address>[0-9a-f]+)\]$")


class SourceLines:
    """Asks addr2line, once for each address. Knows nothing about programs built without -g."""

    def __init__(self, executable: Path) -> None:
        self._executable = str(executable.resolve())
        self._known: dict[str, str] = {}

    def load(self, calls: Sequence[Call]) -> None:
        """One run of addr2line for all calls: it takes longer to start than to answer."""
        addresses = {address for call in calls for address in self._addresses(call)} - self._known.keys()
        if not addresses:
            return
        ordered = sorted(addresses)
        try:
            run = subprocess.run(
                ["addr2line", "-i", "-a", "-e", self._executable],
                # The address behind the call: the line of the call is that of the byte before.
                input="\n".join(hex(int(address, 16) - 1) for address in ordered),
                capture_output=True,
                text=True,
                errors="replace",
            )
        except OSError:
            return  # no addr2line: the calls are told without their lines
        answers = re.split(r"^0x[0-9a-f]+\n", run.stdout, flags=re.MULTILINE)[1:]
        for address, answer in zip(ordered, answers, strict=False):
            self._known[address] = _best(answer.splitlines())

    def of(self, call: Call) -> str:
        """'epoll_server.cpp:41', or empty."""
        lines = [self._known.get(address, "") for address in self._addresses(call)]
        named = [line for line in lines if line]
        own = [line for line in named if not line.startswith("common/")]
        chosen = own or named
        return chosen[0].rpartition("/")[2] if chosen else ""

    def _addresses(self, call: Call) -> list[str]:
        found = (_FRAME.search(frame.strip()) for frame in call.stack)
        return [frame["address"] for frame in found if frame and frame["file"] == self._executable]


def _best(lines: list[str]) -> str:
    """Of one address and the functions inlined there, the place to name: 'common/x.cpp:3' only if there is no other."""
    places = [re.sub(r" \(discriminator \d+\)$", "", line) for line in lines]
    places = [place for place in places if "?" not in place and "/include/c++/" not in place and place[:5] != "/usr/"]
    own = [place for place in places if "/common/" not in place]
    if own:
        return own[0]
    return f"common/{places[0].rpartition('/')[2]}" if places else ""
