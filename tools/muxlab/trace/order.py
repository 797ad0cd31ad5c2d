"""In which order things happened: where among the steps each call stands.

strace writes a line when a call returns, or when another thread comes between. What a call does to others it does
while it runs: so what sends, closes or wakes stands where it began, and what brings something, where it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from muxlab.strace.decode import EPOLLS, POLLS, RECEIVES, SELECTS
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

Phase: TypeAlias = Literal["enter", "return", "whole", "signal", "exit"]


@dataclass(frozen=True)
class Event:
    phase: Phase
    thread: int
    time: float
    """Seconds since the epoch."""
    what: Call | Signal | Exit


def in_order(trace: Trace) -> list[Event]:
    placed: list[tuple[int, int, Event]] = []
    for call in trace.calls:
        begun, ended = call.time or 0.0, call.end_time or call.time or 0.0
        if call.name in WAITS:
            placed.append((call.entered, 1, Event("enter", call.thread, begun, call)))
            if call.returned is not None:
                placed.append((call.returned, 2, Event("return", call.thread, ended, call)))
        elif call.name in BRING and call.returned is not None:
            placed.append((call.returned, 2, Event("whole", call.thread, ended, call)))
        else:
            placed.append((call.entered, 1, Event("whole", call.thread, begun, call)))
    for signal in trace.signals:
        placed.append((signal.line, 0, Event("signal", signal.thread, signal.time or 0.0, signal)))
    for end in trace.exits:
        placed.append((end.line, 0, Event("exit", end.thread, end.time or 0.0, end)))
    placed.sort(key=lambda one: one[:2])
    return [event for _, _, event in placed]
