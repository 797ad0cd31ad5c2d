"""Fills the first table: labs side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from muxlab.compare import server_metrics as metrics
from muxlab.compare.capacity import STOP_AT, most_clients
from muxlab.compare.count import Scene, scenes
from muxlab.compare.cpu import cpu_per_message
from muxlab.compare.model import Cell, Column, Metric, Missing, Numbers, Row, Table, Text, exactly, summary
from muxlab.compare.scenario import (
    CLIENTS,
    CONNECTIONS,
    GROUPS_AT_ONCE,
    ROUNDS_AT_ONCE,
    TEN_KILOBYTES_TIMES,
    TURNS,
    play,
)
from muxlab.errors import MuxlabError
from muxlab.project import Lab
from muxlab.scenarios.clients import SPARE_FILES
from muxlab.strace.decode import decode
from muxlab.strace.parse import parse_file

TITLES = {"03_epoll_lt": "03 epoll LT", "04_epoll_et": "04 epoll ET", "05_cross_thread_wakeup": "05 loops"}

Cells = dict[str, Cell]
"""By the metric's id."""


@dataclass(frozen=True)
class Effort:
    """How much is measured: enough for a figure, or only enough to see that all works."""

    idle: int
    stop_at: int
    rounds: int
    turns: int
    """Each of one message from every client."""
    bursts: int
    files: int
    """The limit on open files, for us and for each server."""

    @classmethod
    def choose(cls, quick: bool, labs: int, files: int) -> Effort:
        """As much as the limit on open files allows: all labs have their idle clients at the same time."""
        room = max(0, files - SPARE_FILES)
        idle = min(100 if quick else 900, room // max(1, labs) - 2 * CLIENTS)
        stop_at = min(1100 if quick else STOP_AT, room)
        if quick:
            return cls(idle, stop_at, rounds=3, turns=20, bursts=5, files=files)
        return cls(idle, stop_at, rounds=9, turns=100, bursts=25, files=files)


def measure(
    labs: Sequence[Lab], programs: Path, effort: Effort, traces: Path, why_no_trace: str, tell: Callable[[str], None]
) -> tuple[Table, list[str]]:
    """The table, and what went wrong: a lab that fails leaves holes in its own column and nowhere else.

    `programs` is the folder they are in; what strace writes goes to the folder `traces`.
    """
    names = [lab.folder for lab in labs]
    cells: dict[str, Cells] = {name: {} for name in names}
    failures: list[str] = []

    def attempt(name: str, asked: Sequence[Metric], work: Callable[[], Cells]) -> None:
        try:
            cells[name] |= work()
        except MuxlabError as error:
            failures.append(str(error))
            cells[name] |= {metric.id: Missing(str(error)) for metric in asked}

    for name in names:
        tell(f"counting the system calls of {name}")
        if why_no_trace:
            cells[name] |= {metric.id: Missing(why_no_trace) for metric in metrics.COUNTED}
        else:
            trace = traces / f"{name}.strace"
            attempt(name, metrics.COUNTED, partial(counted, programs / name, trace, effort.idle))
    for name in names:
        tell(f"connecting clients to {name}, as many as it takes")
        attempt(name, [metrics.MOST], partial(_most, programs / name, effort.stop_at))
    for metric, idle in ((metrics.CPU_FEW, 0), (metrics.CPU_MANY, effort.idle)):
        samples, failed = cpu_per_message([programs / name for name in names], idle, effort.rounds, effort.turns, tell)
        failures += failed.values()
        for name in names:
            cells[name][metric.id] = Missing(failed[name]) if name in failed else summary(samples[name])
    rows = (fill(metric, effort) for metric in metrics.ALL)
    return table(labs, list(rows), cells), list(dict.fromkeys(failures))


def table(labs: Sequence[Lab], rows: Sequence[Metric], cells: Mapping[str, Cells]) -> Table:
    return Table(
        id="servers",
        title="Five echo servers, the same clients",
        columns=tuple(Column(lab.folder, TITLES.get(lab.folder, f"{lab.number} {lab.name}")) for lab in labs),
        rows=tuple(Row(metric, tuple(cells[lab.folder][metric.id] for lab in labs)) for metric in rows),
    )


def fill(metric: Metric, effort: Effort) -> Metric:
    """Puts what this run is about into the texts."""
    known = {"IDLE": f"{effort.idle:,}", "ROUNDS": str(effort.rounds), "FILES": f"{effort.files:,}"}

    def filled(text: str) -> str:
        return re.sub(r"\b(IDLE|ROUNDS|FILES)\b", lambda found: known[found[1]], text)

    return replace(metric, title=filled(metric.title), footnote=filled(metric.footnote))


def counted(program: Path, trace: Path, idle: int) -> Cells:
    play(program, trace, idle)
    found = scenes(decode(parse_file(trace)))
    try:
        return cells_of(found)
    except KeyError as error:
        raise MuxlabError(f"the trace of {program.name} is not complete: the scene {error} is not in it") from None


def _most(program: Path, stop_at: int) -> Cells:
    return {metrics.MOST.id: most_clients(program, stop_at)}


def cells_of(found: Mapping[str, Scene]) -> Cells:
    """All that is read from the trace of one server."""
    calm = found["in turn"].split()
    messages = CLIENTS * TURNS
    groups = [found[f"at once {number}"] for number in range(GROUPS_AT_ONCE)]
    tens = [found[f"ten kilobytes {number}"] for number in range(TEN_KILOBYTES_TIMES)]
    parts = (calm.wait, calm.receive, calm.send, calm.other)
    return {
        metrics.CALLS.id: exactly(calm.total / messages),
        metrics.CALLS_SPLIT.id: Numbers(tuple(exactly(part / messages) for part in parts)),
        metrics.WAITS_AT_ONCE.id: summary([len(one.waits) / (CLIENTS * ROUNDS_AT_ONCE) for one in groups]),
        metrics.EVENTS_AT_ONCE.id: summary([one.events() / len(one.waits) for one in groups if one.waits]),
        metrics.CONTROLS.id: exactly(len(found["connections"].controls) / CONNECTIONS),
        metrics.BYTES_FEW.id: _bytes(found["in turn"]),
        metrics.BYTES_MANY.id: _bytes(found["many idle"]),
        metrics.WAKES.id: summary([len(one.waits) for one in tens]),
        metrics.RECEIVES.id: summary([len(one.receives()) for one in tens]),
        metrics.FIN.id: _bits(found["FIN"]),
        metrics.RST.id: _bits(found["RST"]),
    }


def _bytes(scene: Scene) -> Cell:
    copies = scene.copied()
    if not copies:
        return Missing(f"the trace shows no select, poll or epoll_wait in the scene '{scene.name}'")
    return Numbers((summary([one.into_kernel for one in copies]), summary([one.out_of_kernel for one in copies])))


def _bits(scene: Scene) -> Cell:
    told = [" ".join(bits) for bits in scene.reported()]
    return Text(", then ".join(told)) if told else Missing(f"nothing was reported for the {scene.name}")
