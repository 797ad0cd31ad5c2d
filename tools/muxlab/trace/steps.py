"""The list of steps as it grows: times from the first one, threads by number, beats, source lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeAlias

from muxlab.scenarios.stage import Beat
from muxlab.strace.trace import Call, Trace
from muxlab.trace.descriptors import Life
from muxlab.trace.model import Detail, Frame, Kind, Step
from muxlab.trace.order import Event

Resolve: TypeAlias = Callable[[Sequence[str]], tuple[tuple[Frame, ...], int]]
"""From the lines of -k to frames, and how many of them are left out."""


class StepList:
    def __init__(self, trace: Trace, beats: Sequence[Beat], resolve: Resolve) -> None:
        self.steps: list[Step] = []
        self.threads: list[int] = []
        """The kernel's numbers; a step's tid is the place in here, from 1."""
        self.start: float | None = None
        self.left_out = 0
        self.listening = not any(call.name in ("bind", "listen") for call in trace.calls)
        """From here on everything counts; before, only what has to do with sockets: starting takes many calls."""
        self._beats = [beat.start for beat in beats]
        self._resolve = resolve

    @property
    def next(self) -> int:
        """The number of the step that is added next."""
        return len(self.steps)

    def add(
        self,
        event: Event,
        kind: Kind,
        name: str,
        life: Life | None,
        line: str,
        call: Call | None = None,
        detail: Detail | None = None,
        stack: Sequence[str] = (),
        *,
        copied_in: int = 0,
        copied_out: int = 0,
        scanned_kernel: int = 0,
        scanned_user: int = 0,
    ) -> None:
        if not self.listening and not _is_of_the_net(life):
            self.left_out += 1
            if life is not None:
                life.opened = None  # it has no step
            return
        if life is not None:
            life.shown = True
        self.start = event.time if self.start is None else self.start
        latest = self.steps[-1].t if self.steps else 0.0
        frames, frames_left_out = self._resolve(call.stack if call else stack)
        self.steps.append(
            Step(
                i=self.next,
                t=round(max(latest, event.time - self.start), 6),
                seconds=_seconds(call) if call else 0.0,
                tid=self._tid(event.thread),
                beat=bisect_right(self._beats, event.time),
                kind=kind,
                call=name,
                fd=life.fd if life else None,
                descriptor=life.id if life else None,
                line=line,
                stack=frames,
                frames_left_out=frames_left_out,
                errno=_errno(call) if call else None,
                injected=call.injected if call else False,
                detail=detail,
                copied_in=copied_in,
                copied_out=copied_out,
                scanned_kernel=scanned_kernel,
                scanned_user=scanned_user,
            )
        )

    def _tid(self, thread: int) -> int:
        if thread not in self.threads:
            self.threads.append(thread)
        return self.threads.index(thread) + 1


def _seconds(call: Call) -> float:
    if call.time is None or call.end_time is None:
        return 0.0
    return round(max(0.0, call.end_time - call.time), 6)


def _errno(call: Call) -> str | None:
    """What the program sees of an interrupted call: ERESTARTNOHAND and its like stay in the kernel."""
    return "EINTR" if call.errno.startswith("ERESTART") else call.errno or None


def _is_of_the_net(life: Life | None) -> bool:
    return life is not None and (life.kind in ("epoll", "eventfd") or life.label.startswith(("TCP", "UDP", "UNIX")))
