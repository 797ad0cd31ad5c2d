"""In which order things happened: where among the steps each call stands.

strace writes a line when a call returns, or when another thread comes between. What a call does to others it does
while it runs: so what sends, closes or wakes stands where it began, and what brings something, where it ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from muxlab.strace.decode import EPOLLS, POLLS, RECEIVES, SELECTS, SENDS
from muxlab.strace.trace import Call, Exit, Signal, Trace

WAITS = SELECTS | POLLS | EPOLLS
ACCEPTS = frozenset({"accept", "accept4"})
OPENS = frozenset(
    {
        "socket",
        "socketpair",
        "pipe",
        "pipe2",
        "eventfd",
        "eventfd2",
        "epoll_create",
        "epoll_create1",
        "signalfd",
        "signalfd4",
        "timerfd_create",
        "dup",
        "dup2",
        "dup3",
        "open",
        "openat",
    }
)
BRING = RECEIVES | ACCEPTS | OPENS
OTHERS = frozenset(
    {
        "epoll_ctl",
        "shutdown",
        "close",
        "bind",
        "listen",
        "connect",
        "fcntl",
        "clone",
        "clone3",
        "fork",
        "vfork",
        "exit",
        "exit_group",
    }
)
WATCHED = WAITS | BRING | SENDS | OTHERS
"""All that strace is asked for."""

Phase: TypeAlias = Literal["enter", "return", "whole", "signal", "exit"]


@dataclass(frozen=True)
class Event:
    phase: Phase
    thread: int
    time: float
    """Seconds since the epoch."""
    what: Call | Signal | Exit


def in_order(trace: Trace, barriers: Sequence[float] = ()) -> list[Event]:
    """`barriers` are times at which the server was at rest: what had not returned by then did so later."""
    clock = _Clock(trace, barriers)
    placed: list[tuple[int, int, Event]] = []
    for call in trace.calls:
        begun = call.time or 0.0
        if call.name in WAITS:
            placed.append((call.entered, 1, Event("enter", call.thread, begun, call)))
            if call.returned is not None:
                placed.append((call.returned, 2, Event("return", call.thread, clock.returned(call), call)))
        elif call.name in BRING and call.returned is not None:
            placed.append((call.returned, 2, Event("whole", call.thread, clock.returned(call), call)))
        else:
            placed.append((call.entered, 1, Event("whole", call.thread, begun, call)))
    for signal in trace.signals:
        placed.append((signal.line, 0, Event("signal", signal.thread, signal.time or 0.0, signal)))
    for end in trace.exits:
        placed.append((end.line, 0, Event("exit", end.thread, end.time or 0.0, end)))
    placed.sort(key=lambda one: one[:2])
    return [event for _, _, event in placed]


class _Clock:
    """When a call returned. What -T says is a little early, and may be on the wrong side of a barrier."""

    def __init__(self, trace: Trace, barriers: Sequence[float]) -> None:
        self._barriers = sorted(barriers)
        timed = {call.entered: call.time for call in trace.calls if call.time is not None}
        timed |= {signal.line: signal.time for signal in trace.signals if signal.time is not None}
        timed |= {end.line: end.time for end in trace.exits if end.time is not None}
        self._lines = sorted(timed)
        self._times = [timed[line] for line in self._lines]

    def returned(self, call: Call) -> float:
        begun = call.time or 0.0
        early = call.end_time or begun
        if call.returned != call.entered:
            return early  # it has a line of its own, with the time
        place = bisect_right(self._lines, call.entered)
        if place == len(self._lines):
            return early
        # It was in this call when everybody slept, and strace wrote the next line after it: so it ended between.
        crossed = [barrier for barrier in self._barriers if early < barrier <= self._times[place]]
        return crossed[-1] if crossed else early
