"""Fills the second table: lab 05's wakers side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from muxlab.compare import waker_metrics as metrics
from muxlab.compare.count import Scene
from muxlab.compare.model import Cell, Column, Missing, Row, Table, Text, exactly, summary
from muxlab.compare.wakers import WAKERS, Facts, ask, trace_burst
from muxlab.errors import MuxlabError

EVENTFD_MOST = 2**64 - 2

Cells = dict[str, Cell]
"""By the metric's id."""


def measure(
    probe: Path, bursts: int, traces: Path, why_no_trace: str, tell: Callable[[str], None]
) -> tuple[Table, list[str]]:
    """The table, and what went wrong."""
    cells: dict[str, Cells] = {}
    failures: list[str] = []
    for waker in WAKERS:
        tell(f"filling the {waker} waker")
        try:
            found = told(ask(probe, waker, bursts))
        except MuxlabError as error:
            failures.append(str(error))
            found = {metric.id: Missing(str(error)) for metric in metrics.ASKED}
        tell(f"counting the system calls of the {waker} waker")
        try:
            if why_no_trace:
                found |= {metric.id: Missing(why_no_trace) for metric in metrics.TRACED}
            else:
                found |= counted(trace_burst(probe, waker, traces / f"waker-{waker}.strace"))
        except MuxlabError as error:
            failures.append(str(error))
            found |= {metric.id: Missing(str(error)) for metric in metrics.TRACED}
        cells[waker] = found
    return table(WAKERS, cells, bursts), failures


def table(wakers: Sequence[str], cells: Mapping[str, Cells], bursts: int) -> Table:
    rows = [
        replace(
            metric,
            command=metric.command.replace("BURSTS", str(bursts)),
            footnote=metric.footnote.replace("BURSTS", str(bursts)),
        )
        for metric in metrics.ALL
    ]
    return Table(
        id="wakers",
        title="Five ways to wake a loop (lab 05)",
        columns=tuple(Column(waker, waker) for waker in wakers),
        rows=tuple(Row(metric, tuple(cells[waker][metric.id] for waker in wakers)) for metric in rows),
    )


def counted(found: Mapping[str, Scene]) -> Cells:
    bursts = [scene.split().total for name, scene in found.items() if name.startswith("coalesced")]
    return {
        metrics.COALESCED.id: exactly(max(bursts)),
        metrics.BARE.id: exactly(found["bare"].split().total),
    }


def told(facts: Facts) -> Cells:
    asleep: Cell = Missing("this kernel does not count writes (no /proc/PID/io)")
    if facts.wakes_per_burst:
        asleep = summary(facts.wakes_per_burst)
    capacity = exactly(facts.capacity)
    if facts.capacity == EVENTFD_MOST:
        capacity = replace(capacity, shown="2^64 - 2")
    return {
        metrics.DESCRIPTORS.id: exactly(facts.descriptors),
        metrics.PORTS.id: exactly(facts.ports),
        metrics.ASLEEP.id: asleep,
        metrics.CAPACITY.id: capacity,
        metrics.WHEN_FULL.id: Text(_when_full(facts)),
    }


def _when_full(facts: Facts) -> str:
    write = "EAGAIN" if facts.full_gives_eagain else "it fits"
    return f"{write}, {'still heard' if facts.heard_when_full else 'not heard'}"
