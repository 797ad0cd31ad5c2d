"""Where two servers part: the same clients, and the first call that is not the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from muxlab.trace.model import Accept, Ctl, Ready, Step, Trace, Transfer, WaitEnter, WaitReturn, Wake


@dataclass(frozen=True)
class Parting:
    """Places in the two lists of steps. None: this one does no more in that beat, and the other one does."""

    broken: int | None
    fixed: int | None
    beat: int


Key: TypeAlias = tuple[object, ...]
Places: TypeAlias = Mapping[tuple[int, int], Sequence[int]]


def parting(broken: Trace, fixed: Trace) -> Parting | None:
    """None if the two do the same. Compared beat by beat and thread by thread: what threads do at once has no order."""
    ours, theirs = _places(broken), _places(fixed)
    beats = sorted({beat for beat, _ in [*ours, *theirs]})
    threads = sorted({thread for _, thread in [*ours, *theirs]})
    for beat in beats:
        found = [
            first
            for thread in threads
            if (first := _first(broken, ours.get((beat, thread), ()), fixed, theirs.get((beat, thread), ()), beat))
        ]
        if found:
            return min(found, key=lambda one: _time(broken, fixed, one))
    return None


def _places(trace: Trace) -> Places:
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, step in enumerate(trace.steps):
        found[step.beat, step.tid].append(place)
    return found


def _first(broken: Trace, ours: Sequence[int], fixed: Trace, theirs: Sequence[int], beat: int) -> Parting | None:
    for one, other in zip(ours, theirs, strict=False):
        if key(broken.steps[one]) != key(fixed.steps[other]):
            return Parting(one, other, beat)
    if len(ours) == len(theirs):
        return None
    same = min(len(ours), len(theirs))
    return Parting(
        ours[same] if len(ours) > same else None,
        theirs[same] if len(theirs) > same else None,
        beat,
    )


def _time(broken: Trace, fixed: Trace, one: Parting) -> float:
    if one.broken is not None:
        return broken.steps[one.broken].t
    assert one.fixed is not None
    return fixed.steps[one.fixed].t


def key(step: Step) -> Key:
    """What a step does, without what differs each time: when, with which address, at which line."""
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
        return (step.fd, detail.asked, detail.bytes)
    if isinstance(detail, Wake):
        return (detail.value,)
    return (step.fd,) if step.kind in ("close", "shutdown") else ()


def _bits(some: Sequence[Ready]) -> Key:
    return tuple(sorted((one.fd, *one.events) for one in some))
