"""The system calls of a traced server: all of them so far, or those since a mark; and how the last ones are told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from muxlab.grading.source_lines import SourceLines
from muxlab.grading.tell_calls import tell
from muxlab.process import Address
from muxlab.strace.decode import EPOLLS, POLLS, RECEIVES, SELECTS, SENDS, Decoder, Step
from muxlab.strace.parse import parse
from muxlab.strace.text import descriptor, number, split
from muxlab.strace.trace import Call

GROUPS = {
    "wait": SELECTS | POLLS | EPOLLS,
    "recv": RECEIVES,
    "send": SENDS,
    "accept": frozenset({"accept", "accept4"}),
}
LIMIT = 64 * 1024 * 1024  # bytes of trace: a server that spins writes that in half a minute
RECENT = 2_000  # calls of which a failure tells the last few

_NET = rb"(?:accept4?|recvfrom|recvmsg|sendto|sendmsg)"
_MOVED = re.compile(
    rb"(?:\b(?:accept4?|\w*recv\w*|\w*send\w*|readv?|writev?)\(\d+<TCP|" + _NET + rb" resumed>).*\) += [1-9]"
)
_ASKED = re.compile(rb"\b(?:select|pselect6|p?poll|epoll_p?wait2?|" + _NET + rb")(?:\(| resumed>).*\) += ")


@dataclass(frozen=True)
class Mark:
    """A moment: what comes later is 'since' it."""

    lines: int


class TraceReader:
    """Reads strace's file while strace still writes it. Ask only when the server is at rest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = ""
        self._calls: tuple[Call, ...] | None = None
        self._read = 0
        self._seen = 0  # bytes that fruitless() has counted
        self._fruitless = 0

    def mark(self) -> Mark:
        return Mark(self._load().count("\n"))

    def calls(self) -> tuple[Call, ...]:
        """From the program's first instruction on: what its starter did is left out."""
        text = self._load()
        if self._calls is None:
            lines = text.splitlines()
            if text and not text.endswith("\n"):
                lines[-1] += " <unfinished ...>"  # strace says so only when another thread comes between
            calls = parse(lines).calls
            starts = [place for place, call in enumerate(calls) if call.name == "execve" and call.result == 0]
            self._calls = calls[starts[-1] + 1 :] if starts else calls
        return self._calls

    def select(
        self, names: Sequence[str] = (), *, since: Mark | None = None, fd: int | None = None, thread: int | None = None
    ) -> list[Call]:
        """Those that returned after the mark or have not returned, of these names or groups ('wait', 'recv' …)."""
        wanted: set[str] = set()
        for name in names:
            wanted |= GROUPS.get(name, frozenset({name}))
        return [
            call
            for call in self.calls()
            if (not wanted or call.name in wanted)
            and (since is None or call.returned is None or call.returned > since.lines)
            and (fd is None or descriptor_of(call) == fd)
            and (thread is None or call.thread == thread)
        ]

    def decoded(self, wanted: Sequence[Call]) -> list[Step]:
        """Decodes from the beginning: only epoll_ctl tells which descriptor an event is about."""
        decoder = Decoder()
        places = {(call.entered, call.thread) for call in wanted}
        finished = sorted((call for call in self.calls() if call.finished), key=lambda call: call.returned or 0)
        steps = [(call, decoder.step(call)) for call in finished]
        return [step for call, step in steps if (call.entered, call.thread) in places]

    def fd_of_peer(self, client: Address) -> int | None:
        """The descriptor that accept gave for that client, be it closed or not."""
        for call in reversed(self.calls()):
            if call.name in GROUPS["accept"] and call.result_label.endswith(f"->{client}]"):
                return call.result
        return None

    def last_calls(self, fd: int | None, executable: Path, *, asleep: bool) -> list[str]:
        """The last ones on that descriptor, and the waits around them, as a failure tells them."""
        sources = SourceLines(executable)
        calls = _own(self.calls())
        if len(calls) > RECENT:  # of a server that spins: how it began, and how it goes on
            calls = (*calls[: RECENT // 2], *calls[-RECENT // 2 :])
        sources.load(calls)
        return tell(calls, fd, sources, asleep=asleep)

    def fruitless(self) -> int:
        """Calls since the last that moved a byte or brought a client."""
        with self.path.open("rb") as file:
            file.seek(self._seen)
            news = file.read()
        whole = news[: news.rfind(b"\n") + 1]
        self._seen += len(whole)
        for line in whole.splitlines():
            if _MOVED.search(line):
                self._fruitless = 0
            elif _ASKED.search(line):
                self._fruitless += 1
        return self._fruitless

    @property
    def too_long(self) -> bool:
        return self.path.stat().st_size > LIMIT

    def _load(self) -> str:
        with self.path.open("rb") as file:
            file.seek(self._read)
            news = file.read(LIMIT)
        self._read += len(news)
        self._text += news.decode("latin-1")
        if news:
            self._calls = None
        return self._text


def _own(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """From the first socket on. What comes before is the loader's work, and means nothing to a reader."""
    first = next((place for place, call in enumerate(calls) if call.name == "socket"), 0)
    return calls[first:]


def arguments(call: Call) -> list[str]:
    return split(call.arguments)


def descriptor_of(call: Call) -> int | None:
    """The first argument, if it is a descriptor; for epoll_ctl the one it is about."""
    parts = split(call.arguments)
    place = 2 if call.name == "epoll_ctl" else 0
    about_none = call.name in SELECTS | POLLS
    return descriptor(parts[place]) if len(parts) > place and not about_none else None


def timeout_of(call: Call) -> float | None:
    """The time-out of a wait, in ms. None: for ever."""
    parts = split(call.arguments)
    place = {"select": 4, "pselect6": 4, "poll": 2, "ppoll": 2}.get(call.name, 3)
    text = parts[place] if len(parts) > place else "NULL"
    if text.startswith("{"):
        fields = [float(field) for field in re.findall(r"=(-?\d+)", text)]
        return fields[0] * 1e3 + fields[1] / (1e3 if "tv_usec" in text else 1e6)
    value = number(text)
    return None if value is None or value < 0 else float(value)
