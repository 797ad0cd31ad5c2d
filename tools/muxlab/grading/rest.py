"""When a server has done all it can: every thread sleeps, and nothing is on its way to it or from it."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from muxlab.grading.deadline import Deadlines
from muxlab.grading.story import Failed
from muxlab.grading.threads import ThreadState, cpu_seconds, states

SPINNING = 5_000  # calls that neither moved a byte nor brought a client: far more than any server needs to be sure
HOUSEKEEPING = 3  # sleeps in a row after which a thread that wakes by itself counts as one that has nothing to do
BACK_AGAIN = 2  # times that a wait for a limited time must have had to end: then the thread has had its chance
LONG = 5.0  # seconds; a thread that waits longer than that will not do anything in time
_PATIENCE = 8  # looks, before we ask whether it will ever rest
_YIELDS = 3  # looks that only give the CPU away; after them, ever longer pauses
_LONGEST_PAUSE = 8  # ms


@dataclass(frozen=True)
class View:
    """What of a server under test says whether it rests."""

    pid: int
    held: Callable[[], set[int]]
    """The threads that a trap holds."""
    in_flight: Callable[[], bool]
    has_work: Callable[[], bool]
    """Bytes or clients that the server has not taken lie there."""
    fruitless: Callable[[], int]
    """Calls in a row that neither moved a byte nor brought a client; 0 where nothing counts them."""
    check_alive: Callable[[], None]
    """Raises Failed."""
    survivors: Callable[[], list[ThreadState]]
    """The threads of what the server has started and has not outlived."""
    failed: Callable[[str, list[str]], Failed]
    """Makes one: outcome and details."""


@dataclass(frozen=True)
class _Nap:
    """When a thread was first found in a wait that ends by itself."""

    turns: int
    over: float
    """From then on the wait has had the time to end BACK_AGAIN times."""


class RestWatch:
    """One wait for a server to come to rest.

    No verdict comes from time. Two looks at the threads see the same turns on the CPU, so that nobody ran in between;
    and between the looks the connections were found to be still. A spinning server is told by the calls it makes in
    vain where something counts them, and else by the CPU time it uses.
    """

    def __init__(self, view: View, deadlines: Deadlines, *, patient: bool = False) -> None:
        """Patient: somebody expects something. So a thread whose wait ends by itself is to come back first."""
        self._patient = patient
        self._view = view
        self._deadlines = deadlines
        self._sleepers: dict[int, int] = {}
        self._naps: dict[int, _Nap] = {}
        self._looks = 0
        self._started = self._now = time.monotonic()
        self._cpu_before = cpu_seconds(view.pid)

    def look(self) -> bool:
        """True if the server is at rest. Raises Failed when it is dead, or never will be at rest."""
        self._looks += 1
        self._now = time.monotonic()
        first = states(self._view.pid)
        if self._at_rest(first) and not self._view.in_flight():
            second = states(self._view.pid)
            if self._at_rest(second) and _turns(first) == _turns(second):
                return True
        try:
            self._view.check_alive()
        except Failed:
            if not self._is_survived():
                raise
        if self._looks % _PATIENCE == 0:
            self._give_up(first)
        return False

    def pause(self) -> None:
        """Lets the server work."""
        pause(self._looks)

    def _at_rest(self, threads: list[ThreadState]) -> bool:
        held = self._view.held()
        return bool(threads) and all(self._rests(thread, held) for thread in threads)

    def _rests(self, thread: ThreadState, held: set[int]) -> bool:
        if thread.state == "T":
            return True  # stopped by a signal: only another one changes that
        if not thread.sleeps:
            return False
        if thread.tid in held:
            return True
        turns = thread.turns - self._sleepers.setdefault(thread.tid, thread.turns)
        if thread.wakes_by_itself:
            return turns >= HOUSEKEEPING
        limit = thread.time_limit if thread.waits else None
        if limit is None or limit > LONG:
            return True
        # A server may have put off what it could not do at once.
        return self._is_back(thread, limit) or not (self._patient or self._view.has_work())

    def _is_back(self, thread: ThreadState, limit: float) -> bool:
        """Its time is over, and it waits anew.

        Turns alone do not say so: it has one for each client that wakes it, and more if it loses the CPU meanwhile.
        """
        nap = self._naps.setdefault(thread.tid, _Nap(thread.turns, time.monotonic() + BACK_AGAIN * limit))
        return thread.turns - nap.turns >= BACK_AGAIN and self._now >= nap.over

    def _is_survived(self) -> bool:
        """The server is dead, and a child of it is still busy: with closing its copy of a connection, perhaps."""
        first, second = self._view.survivors(), self._view.survivors()
        at_rest = all(thread.sleeps and not thread.wakes_by_itself for thread in second)
        late = time.monotonic() - self._started > self._deadlines.wait
        return not late and not (at_rest and _turns(first) == _turns(second))

    def _give_up(self, threads: list[ThreadState]) -> None:
        in_vain = self._view.fruitless()
        if in_vain >= SPINNING:
            text = f"it spins: {in_vain:,} calls in a row neither moved a byte nor accepted a client"
            raise self._view.failed("the server never comes to rest", [text])
        if cpu_seconds(self._view.pid) - self._cpu_before > self._deadlines.cpu:
            text = "it spins: it uses the CPU, though no client does anything"
            raise self._view.failed("the server never comes to rest", [text])
        if time.monotonic() - self._started > self._deadlines.wait:
            raise self._view.failed("the server does not come to rest", describe(threads, self._view.held()))


def pause(looks: int) -> None:
    """Lets the server work; the more looks at it there were before, the longer."""
    if looks <= _YIELDS:
        os.sched_yield()
    else:
        select.poll().poll(min(2 ** (looks - _YIELDS - 1), _LONGEST_PAUSE))


def _turns(threads: list[ThreadState]) -> dict[int, int]:
    return {thread.tid: thread.turns for thread in threads}


def describe(threads: list[ThreadState], held: AbstractSet[int] = frozenset()) -> list[str]:
    """'the server is asleep in epoll_wait(4)', or a line for each thread."""
    told = ["is held by this test" if thread.tid in held else str(thread) for thread in threads]
    if len(told) == 1:
        return [f"the server {told[0]}"]
    return [f"thread {number} of the server {what}" for number, what in enumerate(told, 1)]
