"""Gives system calls a meaning: what was asked of a wait and what it told, what was received and sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from muxlab.strace.text import descriptor, flags, inside, label, number, split, unquote
from muxlab.strace.trace import Call, Trace

Mechanism: TypeAlias = Literal["select", "poll", "epoll"]

SELECTS = frozenset({"select", "_newselect", "pselect6", "pselect6_time64"})
POLLS = frozenset({"poll", "ppoll", "ppoll_time64"})
EPOLLS = frozenset({"epoll_wait", "epoll_pwait", "epoll_pwait2"})
RECEIVES = frozenset({"recvfrom", "recv", "recvmsg", "read", "readv"})
SENDS = frozenset({"sendto", "send", "sendmsg", "write", "writev"})


@dataclass(frozen=True)
class Events:
    """What is asked of one descriptor, or told about it."""

    fd: int
    bits: tuple[str, ...]
    """'IN', 'HUP' … for poll and epoll; 'readable', 'writable', 'exceptional' for select, which knows no more."""


@dataclass(frozen=True)
class Wait:
    """One call of select, poll or epoll_wait, or of their variants."""

    call: Call
    mechanism: Mechanism
    size: int
    """select: nfds, the highest descriptor plus one. poll: entries in the array. epoll: room for events."""
    interest: tuple[Events, ...]
    """What it was asked to wait for; empty for epoll, whose interest list stays in the kernel."""
    ready: tuple[Events, ...]
    """One entry for each descriptor; -1 is one that was registered before the trace began."""
    sets: int = 0
    """select: how many of its three sets were given."""
    timespec: bool = False
    """A time-out was given by address, so that the kernel copies it, too."""
    abbreviated: bool = False
    """strace left entries out ('...'): see its options -s and -v."""

    @property
    def failed(self) -> bool:
        return bool(self.call.errno)

    @property
    def timed_out(self) -> bool:
        return self.call.result == 0


@dataclass(frozen=True)
class Control:
    """epoll_ctl."""

    call: Call
    epoll_fd: int
    operation: str
    """'ADD', 'MOD' or 'DEL'."""
    fd: int
    bits: tuple[str, ...]
    data: int | None
    """What epoll_wait hands back with the event; nothing goes with a DEL."""


@dataclass(frozen=True)
class Transfer:
    """Bytes received or sent, on a socket or on any other descriptor."""

    call: Call
    outward: bool
    fd: int
    label: str
    data: bytes
    """The first bytes, as far as strace printed them; empty where it prints no string (readv)."""
    asked: int | None
    """Bytes of room or on offer; None where the call has no such number."""

    @property
    def moved(self) -> int:
        return max(0, self.call.result or 0)


@dataclass(frozen=True)
class Other:
    """Any call that is none of the above: its name says all that is needed so far."""

    call: Call


Step: TypeAlias = Wait | Control | Transfer | Other


def decode(trace: Trace) -> list[Step]:
    """The calls that returned, decoded, in the order in which they returned."""
    decoder = Decoder()
    return [decoder.step(call) for call in trace.in_order_of_return()]


class Decoder:
    """Remembers which descriptor each epoll_event.data stands for: only epoll_ctl tells, and only once."""

    def __init__(self) -> None:
        self._watched: dict[tuple[int, int], int] = {}

    def step(self, call: Call) -> Step:
        arguments = split(call.arguments)
        step: Step | None = None
        if call.name in SELECTS:
            step = _select(call, arguments)
        elif call.name in POLLS:
            step = _poll(call, arguments)
        elif call.name in EPOLLS:
            step = self._epoll(call, arguments)
        elif call.name == "epoll_ctl":
            step = self._control(call, arguments)
        elif call.name in RECEIVES or call.name in SENDS:
            step = _transfer(call, arguments)
        return step or Other(call)

    def _epoll(self, call: Call, arguments: list[str]) -> Step | None:
        if len(arguments) < 4 or (epoll_fd := descriptor(arguments[0])) is None:
            return None
        items = _items(arguments[1]) if (call.result or 0) > 0 else []
        ready = []
        for item in items:
            event = _epoll_event(item)
            if event is not None:
                fd = self._watched.get((epoll_fd, event[1]), -1)
                ready.append(Events(fd, event[0]))
        return Wait(
            call,
            "epoll",
            number(arguments[2]) or 0,
            (),
            tuple(ready),
            timespec=call.name == "epoll_pwait2" and arguments[3] != "NULL",
            abbreviated="..." in items,
        )

    def _control(self, call: Call, arguments: list[str]) -> Step | None:
        if len(arguments) < 3:
            return None
        epoll_fd, fd = descriptor(arguments[0]), descriptor(arguments[2])
        if epoll_fd is None or fd is None:
            return None
        event = _epoll_event(arguments[3]) if len(arguments) > 3 else None
        operation = arguments[1].removeprefix("EPOLL_CTL_")
        if event is not None and operation != "DEL":
            if call.result == 0:
                self._watched[epoll_fd, event[1]] = fd
            return Control(call, epoll_fd, operation, fd, event[0], event[1])
        return Control(call, epoll_fd, operation, fd, (), None)


def _items(text: str) -> list[str]:
    return split(inside(text) or "")


def _epoll_event(text: str) -> tuple[tuple[str, ...], int] | None:
    """'{events=EPOLLIN, data={u32=5, u64=5}}'; in older versions of strace '{EPOLLIN, {u32=5, u64=5}}', in newer ones
    '{events=EPOLLIN, data=0x5}'.
    """
    found = re.match(r"\{(?:events=)?([^,{}]*), (?:data=)?(?:\{u32=\d+, u64=(\d+)\}|(0x[0-9a-f]+|\d+))\}", text)
    return (flags(found[1], "EPOLL"), int(found[2] or found[3], 0)) if found else None


def _select(call: Call, arguments: list[str]) -> Step | None:
    if len(arguments) < 5 or (nfds := number(arguments[0])) is None:
        return None
    names = ("readable", "writable", "exceptional")
    given = [text for text in arguments[1:4] if text != "NULL"]
    interest: dict[int, list[str]] = {}
    for name, text in zip(names, arguments[1:4], strict=True):
        _add_set(interest, name, text)
    ready: dict[int, list[str]] = {}
    # 'in [3 5], out [5], left {tv_sec=0, …}': a set without a member is left out.
    told = dict(part.partition(" ")[::2] for part in split(call.note))
    for name, key in zip(names, ("in", "out", "except"), strict=True):
        _add_set(ready, name, told.get(key, ""))
    return Wait(
        call, "select", nfds, _events(interest), _events(ready), sets=len(given), timespec=arguments[4] != "NULL"
    )


def _add_set(into: dict[int, list[str]], name: str, text: str) -> None:
    for item in split(inside(text) or "", " "):
        if (fd := descriptor(item)) is not None:
            into.setdefault(fd, []).append(name)


def _events(by_fd: dict[int, list[str]]) -> tuple[Events, ...]:
    return tuple(Events(fd, tuple(names)) for fd, names in sorted(by_fd.items()))


def _poll(call: Call, arguments: list[str]) -> Step | None:
    if len(arguments) < 3 or (nfds := number(arguments[1])) is None:
        return None
    asked = _items(arguments[0])
    told = [item for part in split(call.note) for item in _items(part)]
    return Wait(
        call,
        "poll",
        nfds,
        tuple(_pollfds(asked, "events")),
        tuple(_pollfds(told, "revents")),
        timespec=call.name != "poll" and arguments[2] != "NULL",
        abbreviated="..." in asked or "..." in told,
    )


def _pollfds(items: Iterable[str], field: str) -> Iterable[Events]:
    for item in items:
        fields = dict(part.partition("=")[::2] for part in split(inside(item, "{}") or ""))
        fd = descriptor(fields.get("fd", ""))
        if fd is not None:
            yield Events(fd, flags(fields.get(field, ""), "POLL"))


def _transfer(call: Call, arguments: list[str]) -> Step | None:
    if not arguments or (fd := descriptor(arguments[0])) is None:
        return None
    plain = len(arguments) > 2 and not call.name.endswith(("msg", "v"))
    return Transfer(
        call,
        call.name in SENDS,
        fd,
        label(arguments[0]),
        (unquote(arguments[1]) or b"") if plain else b"",
        number(arguments[2]) if plain else None,
    )
