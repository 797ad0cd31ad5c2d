"""Where two servers part: the same clients, and the first call that is not the same."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from muxlab.bugs.alike import Alike, acts, does, made
from muxlab.scenarios.stage import RESTLESS
from muxlab.trace.model import Accept, Ctl, Step, Trace, Transfer, WaitEnter, Wake


@dataclass(frozen=True)
class Parting:
    """Places in the two lists of steps. None: this thread does no more, and the other one's does."""

    broken: int | None
    fixed: int | None
    beat: int
    """What the clients did in this one has led to it."""


TURN = 8  # calls at most in one turn of a loop that spins
TURNS = 30  # that are all alike: no scenario makes a server that is in order do so


def where_it_goes_wrong(broken: Trace, fixed: Trace, since: int = 0) -> Parting | None:
    """Where the two part, mostly. But not every mistake is at its worst there.

    If the broken server begins to spin long after that, or to sleep in a call that is no wait, it is there: how much
    room a slow reader's connection has differs a little each time, and so the two may part before anything is wrong.
    If it only begins to ask for something else, it goes wrong when that is told, or is not.
    """
    first = parting(broken, fixed, does, since)
    if first is not None and _prepares(broken, fixed, first):
        first = parting(broken, fixed, acts, since) or first
    first = first or parting(broken, fixed, made, since)
    if first is None:
        return None
    at = spins_from(broken)
    if at is not None:
        beat = broken.steps[at].beat
        if first.broken is None or at > first.broken + TURN:
            return Parting(at, _rests(fixed, beat), beat)
        if _is_told_otherwise(broken, fixed, first):
            return _instead(broken, fixed, at) or first
        return first
    at = stuck_at(broken)
    if at is not None:
        beat = _begun(broken, broken.steps[at])
        same = [place for place, step in enumerate(fixed.steps) if step.beat == beat and _same(step, broken.steps[at])]
        return Parting(at, max(same, default=_rests(fixed, beat)), beat)
    return first


def _prepares(broken: Trace, fixed: Trace, at: Parting) -> bool:
    """Both begin to wait for somebody, or for anybody at all, and one of them asks for something else."""
    if at.broken is None or at.fixed is None:
        return False
    one, other = broken.steps[at.broken].detail, fixed.steps[at.fixed].detail
    if isinstance(one, WaitEnter) and isinstance(other, WaitEnter):
        return at.beat == 0 and one.timeout_ms == other.timeout_ms
    return isinstance(one, Ctl) and isinstance(other, Ctl) and (one.op, one.target) == ("ADD", other.target)


def _is_told_otherwise(broken: Trace, fixed: Trace, at: Parting) -> bool:
    """Both waits return, but not with the same: whether what comes in two segments is told once or twice is luck."""
    pair = [trace.steps[place].kind for trace, place in ((broken, at.broken), (fixed, at.fixed)) if place is not None]
    return pair == ["wait_return"] * 2


def _instead(broken: Trace, fixed: Trace, at: int) -> Parting | None:
    """What the broken server does after the step where its spinning begins, and the other one after one like it."""
    step = broken.steps[at]
    like = [place for place, one in enumerate(fixed.steps) if _same(one, step) and one.errno == step.errno]
    if step.kind == "wait_return" or not like or like[0] + 1 == len(fixed.steps):
        return None
    return Parting(at + 1, like[0] + 1, step.beat)


def _rests(trace: Trace, beat: int) -> int | None:
    """Where it goes to sleep in that beat."""
    waits = [place for place, step in enumerate(trace.steps) if step.kind == "wait_enter" and step.beat <= beat]
    return waits[-1] if waits else None


def _same(one: Step, other: Step) -> bool:
    """The same question; the answer may be another one."""
    return (one.call, one.fd) == (other.call, other.fd)


def _begun(trace: Trace, step: Step) -> int:
    """The beat in which a call was made that did not return in it."""
    begun = step.t if step.kind in ("send", "wake_write") else step.t - step.seconds
    return max((one.beat for one in trace.clients if one.t <= begun), default=0)


def stuck_at(trace: Trace) -> int | None:
    """A call that ends with the server, or when it is told to stop, and not before. None if there is no such call."""
    if any(RESTLESS in one.text for one in trace.clients):
        return None  # it was in the middle of something when it was ended
    for place, step in enumerate(trace.steps):
        sleeps = ") = " not in step.line or step.errno == "EINTR"
        if sleeps and isinstance(step.detail, Accept | Transfer | Wake):
            return place
    return None


def spins_from(trace: Trace) -> int | None:
    """The first step of a turn that is made again and again. None if there is no such turn."""
    keys = does(trace)
    for at in range(len(keys)):
        for turn in range(1, TURN + 1):
            end = at + turn * TURNS
            if end <= len(keys) and keys[at] == keys[at + turn] and keys[at : end - turn] == keys[at + turn : end]:
                return at
    return None


def parting(broken: Trace, fixed: Trace, alike: Alike = does, since: int = 0) -> Parting | None:
    """None if the two do the same from that beat on. Compared thread by thread: what threads do at once has no order.

    Not beat by beat, though: a call between two beats is counted now to the one, now to the other.
    """
    ours, theirs = _threads(broken), _threads(fixed)
    keys = alike(broken), alike(fixed)
    found = []
    for role in [*ours, *(role for role in theirs if role not in ours)]:
        for one, other in zip_longest(_places(broken, ours.get(role), since), _places(fixed, theirs.get(role), since)):
            if one is None or other is None or keys[0][one] != keys[1][other]:
                if one is not None and other is not None and _is_stopped(broken.steps[one], fixed.steps[other].beat):
                    one = None  # it has done no more until then
                beats = [trace.steps[at].beat for trace, at in ((broken, one), (fixed, other)) if at is not None]
                found.append(Parting(one, other, min(beats)))
                break
    # A thread of which nothing comes is mostly a consequence, of something that happens in another one.
    return min(found, key=lambda one: (one.broken is None, _time(broken, fixed, one)), default=None)


def _is_stopped(step: Step, beat: int) -> bool:
    """By whoever plays the scenario, and not in that beat."""
    told = (step.kind, step.call) == ("signal", "SIGTERM") or step.line == "ended: SIGTERM"
    return step.line == "ended: SIGKILL" or (told and step.beat > beat)


def _threads(trace: Trace) -> dict[int | None, int]:
    """By the descriptor that a thread first waits at: which of two workers is seen first is chance. 1 is main."""
    found: dict[int | None, int] = {}
    known: set[int] = set()
    for step in trace.steps:
        if step.tid not in known and (step.tid == 1 or step.kind == "wait_enter"):
            known.add(step.tid)
            found.setdefault(None if step.tid == 1 else step.fd, step.tid)
    return found


def _places(trace: Trace, thread: int | None, since: int) -> list[int]:
    """From the wait on in which it slept when that beat began: when the wait returned is not known as exactly."""
    places = [place for place, step in enumerate(trace.steps) if step.tid == thread]
    asleep = [
        at
        for at, place in enumerate(places)
        if trace.steps[place].kind == "wait_enter" and trace.steps[place].beat < since
    ]
    return places[asleep[-1] + 1 :] if asleep else places


def _time(broken: Trace, fixed: Trace, one: Parting) -> float:
    if one.broken is not None:
        return broken.steps[one.broken].t
    assert one.fixed is not None
    return fixed.steps[one.fixed].t
