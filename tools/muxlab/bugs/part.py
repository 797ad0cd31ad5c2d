"""Where two servers part: the same clients, and the first call that is not the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias

from muxlab.trace.model import Accept, Ctl, Ready, Step, Trace, Transfer, WaitEnter, WaitReturn, Wake


@dataclass(frozen=True)
class Parting:
    """Places in the two lists of steps. None: this thread does no more, and the other one's does."""

    broken: int | None
    fixed: int | None
    beat: int
    """What the clients did in this one has led to it."""


Key: TypeAlias = tuple[object, ...]


TURN = 8  # calls at most in one turn of a loop that spins
TURNS = 30  # that are all alike: no scenario makes a server that is in order do so


def where_it_goes_wrong(broken: Trace, fixed: Trace) -> Parting | None:
    """Where the two part; or, if the broken server begins to spin long after that, there.

    A slow reader's room differs a little each time, and so the two may part before anything is wrong.
    """
    first, at = parting(broken, fixed), spins_from(broken)
    if at is None or first is None or first.broken is None or at <= first.broken + TURN:
        return first
    beat = broken.steps[at].beat
    rests = [place for place, step in enumerate(fixed.steps) if step.kind == "wait_enter" and step.beat <= beat]
    return Parting(at, rests[-1] if rests else None, beat)


def spins_from(trace: Trace) -> int | None:
    """The first step of a turn that is made again and again. None if there is no such turn."""
    keys = [key(step) for step in trace.steps]
    for at in range(len(keys)):
        for turn in range(1, TURN + 1):
            end = at + turn * TURNS
            if end <= len(keys) and keys[at] == keys[at + turn] and keys[at : end - turn] == keys[at + turn : end]:
                return at
    return None


def parting(broken: Trace, fixed: Trace) -> Parting | None:
    """None if the two do the same. Compared thread by thread: what threads do at once has no order.

    Not beat by beat: a call between two beats is counted now to the one, now to the other.
    """
    ours, theirs = _threads(broken), _threads(fixed)
    roles = [*ours, *(role for role in theirs if role not in ours)]
    found = [first for role in roles if (first := _first(broken, ours.get(role), fixed, theirs.get(role)))]
    return min(found, key=lambda one: _time(broken, fixed, one), default=None)


def _threads(trace: Trace) -> dict[int | None, int]:
    """By the descriptor that a thread first waits at: which of two workers is seen first is chance. 1 is main."""
    found: dict[int | None, int] = {}
    known: set[int] = set()
    for step in trace.steps:
        if step.tid not in known and (step.tid == 1 or step.kind == "wait_enter"):
            known.add(step.tid)
            found.setdefault(None if step.tid == 1 else step.fd, step.tid)
    return found


def _first(broken: Trace, ours: int | None, fixed: Trace, theirs: int | None) -> Parting | None:
    for one, other in zip_longest(_places(broken, ours), _places(fixed, theirs)):
        if one is None or other is None or key(broken.steps[one]) != key(fixed.steps[other]):
            beats = [trace.steps[at].beat for trace, at in ((broken, one), (fixed, other)) if at is not None]
            return Parting(one, other, min(beats))
    return None


def _places(trace: Trace, thread: int | None) -> list[int]:
    return [place for place, step in enumerate(trace.steps) if step.tid == thread]


def _time(broken: Trace, fixed: Trace, one: Parting) -> float:
    if one.broken is not None:
        return broken.steps[one.broken].t
    assert one.fixed is not None
    return fixed.steps[one.fixed].t


def key(step: Step) -> Key:
    """What a step does, without what differs each time: when, with which address, at which line, a few bytes more."""
    return (step.kind, step.call, step.errno, *_detail(step))


def _detail(step: Step) -> Key:
    detail = step.detail
    if isinstance(detail, WaitEnter):
        return (_bits(detail.interest), detail.nfds, detail.timeout_ms)
    if isinstance(detail, WaitReturn):
        return (_bits(detail.ready), detail.timed_out)
    if isinstance(detail, Ctl):
        return (detail.op, detail.target, detail.events)
    if isinstance(detail, Accept):
        return (detail.new_fd,)
    if isinstance(detail, Transfer):
        # Not how many bytes: how much room a slow reader's connection has is the kernel's affair.
        return (step.fd, detail.asked, detail.bytes == 0, detail.bytes == detail.asked)
    if isinstance(detail, Wake):
        return (detail.value,)
    return (step.fd,) if step.kind in ("close", "shutdown") else ()


def _bits(some: Sequence[Ready]) -> Key:
    return tuple(sorted((one.fd, *one.events) for one in some))
