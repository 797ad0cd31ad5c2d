"""When two servers do the same: what a step does, without what differs each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from muxlab.trace.model import Accept, Ctl, Ready, Step, Trace, Transfer, WaitEnter, WaitReturn, Wake

Key: TypeAlias = tuple[object, ...]
Alike: TypeAlias = Callable[[Trace], list[Key]]
"""One key for each step: two steps are alike if their keys are the same."""


def does(trace: Trace) -> list[Key]:
    """Left out: when, with which address, at which line, a few bytes more."""
    keys: list[Key] = []
    received: dict[tuple[int, int | None], int | None] = {}
    for step in trace.steps:
        keys.append((step.kind, step.call, step.errno, *_detail(step, received.get((step.tid, step.fd)))))
        if step.kind == "recv" and isinstance(step.detail, Transfer):
            received[step.tid, step.fd] = step.detail.bytes
    return keys


def acts(trace: Trace) -> list[Key]:
    """Nor what it waits for."""
    asks = ("wait_enter", "ctl")
    return [key[:3] if step.kind in asks else key for step, key in zip(trace.steps, does(trace), strict=True)]


def made(trace: Trace) -> list[Key]:
    """How it makes its descriptors: what a flag is missing for may come to light much later, or elsewhere."""
    return [(step.line,) if step.kind in ("open", "accept") or step.call == "listen" else () for step in trace.steps]


def _detail(step: Step, received: int | None) -> Key:
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
        # Not how many bytes: how much room a slow reader's connection has is the kernel's affair. But whether all that
        # came is sent back.
        asked = detail.asked == received if step.kind == "send" and received is not None else detail.asked
        return (step.fd, asked, detail.bytes == 0, detail.bytes == detail.asked)
    if isinstance(detail, Wake):
        return (detail.value,)
    return (step.fd,) if step.kind in ("close", "shutdown") else ()


def _bits(some: Sequence[Ready]) -> Key:
    return tuple(sorted((one.fd, *one.events) for one in some))
