"""Draws a report in the terminal: medians, spreads, and ratios to the floor."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from muxlab.bench.figures import Summary, ratios, summary
from muxlab.bench.model import Part, Report, Result, Scene, Subject

WIDTH = 100  # columns, where there is no terminal to ask
NOTHING = "–"


def show(report: Report) -> None:
    """On stdout."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(drawn(report))
    sys.stdout.flush()


def drawn(report: Report) -> RenderableType:
    parts = [table(report, scene) for scene in report.scenes if scene.part in (Part.COUNT, Part.ECHO)]
    if idle := report.of(Part.IDLE):
        parts.append(idle_table(report, idle))
    parts += [wakeup_table(report, scene) for scene in report.of(Part.WAKEUP)]
    return Group(*parts, *_foot(report))


def table(report: Report, scene: Scene) -> RenderableType:
    """One scene: subjects down, figures across."""
    counted = scene.part is Part.COUNT
    title = f"Per message: {scene.title}" if counted else f"Processor time and latency: {scene.title}"
    grid = _grid()
    heads = (
        ("user instructions", "system calls", "which") if counted else ("CPU, µs", "to its floor", "p50, µs", "p99, µs")
    )
    for head in heads:
        grid.add_column(head, justify="left" if head == "which" else "right")
    kind = ""
    for subject, result in _rows(report, scene):
        if subject.kind != kind:
            kind = subject.kind
            grid.add_row(Text(KINDS[kind], style="bold"))
        grid.add_row("  " + subject.title, *(_counts(result) if counted else _times(report, scene, subject, result)))
    return _titled(title, grid)


KINDS = {"lab": "labs", "floor": "floors: the least code that can do it", "peer": "well-known event loops"}


def _counts(result: Result) -> list[str]:
    calls = sorted(
        ((name.removeprefix("call."), some[0]) for name, some in result.values.items() if name.startswith("call.")),
        key=lambda pair: -pair[1],
    )
    instructions, total = (summary(result.values.get(name, ())) for name in ("instructions", "calls"))
    return [
        f"{instructions.median:,.0f}" if instructions else NOTHING,
        f"{total.median:.2f}" if total else NOTHING,
        ", ".join(f"{name} {number:.2f}" for name, number in calls) or result.error,
    ]


def _times(report: Report, scene: Scene, subject: Subject, result: Result) -> list[str]:
    floor = report.result(scene.id, subject.floor)
    ratio = ratios(result.values.get("cpu", ()), floor.values.get("cpu", ())) if floor else None
    own = subject.floor == subject.id
    return [
        with_range(summary(result.values.get("cpu", ()))) + (f" {result.error}" if result.error else ""),
        "" if own else with_range(ratio),
        *(_median(result.values.get(name, ())) for name in ("p50", "p99")),
    ]


def _median(samples: Sequence[float]) -> str:
    one = summary(samples)
    return figure(one.median) if one else NOTHING


def idle_table(report: Report, scenes: Sequence[Scene]) -> RenderableType:
    """Subjects down, crowds across."""
    busy = scenes[0].connections
    title = f"Processor time per message in µs: {busy} clients talk, so many more say nothing"
    grid = _grid()
    for scene in scenes:
        grid.add_column(f"{scene.idle:,}", justify="right")
    for subject in report.subjects:
        results = [report.result(scene.id, subject.id) for scene in scenes]
        if any(results):
            cells = [with_range(summary(one.values.get("cpu", ()))) if one else NOTHING for one in results]
            grid.add_row(subject.title, *cells)
    return _titled(title, grid)


WAKEUP_FIGURES = (
    ("p50", "p50, µs", 1.0),
    ("p99", "p99, µs", 1.0),
    ("rate", "million a second", 1e-6),
    ("time", "time, µs", 1.0),
    ("writes", "writes each", 1.0),
    ("descriptors", "descriptors", 1.0),
    ("ports", "ports", 1.0),
    ("kernelBytes", "kernel bytes", 1.0),
)


def wakeup_table(report: Report, scene: Scene) -> RenderableType:
    grid = _grid()
    rows = list(_rows(report, scene))
    if any("calls" in result.values for _, result in rows):
        grid.add_column("system calls", justify="right")
        grid.add_column("which")
        for subject, result in rows:
            grid.add_row(subject.title, *_counts(result)[1:])
        return _titled(f"Waking a thread: {scene.title}", grid)
    present = {name for _, result in rows for name in result.values}
    # The time of a round trip says less than its median, that of a burst less than its rate.
    present -= {"time"} if present & {"p50", "rate", "descriptors"} else set()
    figures = [one for one in WAKEUP_FIGURES if one[0] in present]
    for _, head, _ in figures:
        grid.add_column(head, justify="right")
    first = next((name for name, _, _ in figures if name in ("p50", "rate", "time")), "")
    if first:
        grid.add_column("to the floor", justify="right")
    for subject, result in rows:
        cells = [with_range(_scaled(result.values.get(name, ()), factor)) for name, _, factor in figures]
        if first:
            floor = report.result(scene.id, subject.floor) if subject.floor != subject.id else None
            ratio = ratios(result.values.get(first, ()), floor.values.get(first, ())) if floor else None
            cells.append(with_range(ratio) if ratio else "")
        grid.add_row(subject.title, *cells, result.error)
    return _titled(f"Waking a thread: {scene.title}", grid)


def _scaled(samples: Sequence[float], factor: float) -> Summary | None:
    return summary([sample * factor for sample in samples])


def with_range(one: Summary | None) -> str:
    """'5.90 (5.60–7.10)'; without the range if there is none."""
    if one is None:
        return NOTHING
    if one.low == one.high:
        return figure(one.median)
    return f"{figure(one.median)} ({figure(one.low)}–{figure(one.high)})"


def figure(value: float) -> str:
    """Three digits, which is more than most of these deserve."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _grid() -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    grid.add_column("", no_wrap=True)
    return grid


def _titled(title: str, grid: Grid) -> RenderableType:
    """Not the grid's own title: that is wrapped to the width of the grid."""
    return Group(Padding(Text(title, style="bold"), (1, 0, 0, 0)), grid)


def _rows(report: Report, scene: Scene) -> Iterator[tuple[Subject, Result]]:
    for subject in report.subjects:
        if result := report.result(scene.id, subject.id):
            yield subject, result


def _foot(report: Report) -> Iterator[RenderableType]:
    machine = report.machine
    where = "not pinned" if machine.server_cpu is None else "server and client on a processor each"
    virtual = f", under {machine.virtual}" if machine.virtual else ""
    yield Text(
        f"{machine.kernel}, {len(machine.cpus)} × {machine.cpu}{virtual}; {where}; medians of {report.rounds} "
        f"interleaved rounds, with the range; {report.seconds:.0f} s",
        style="dim",
    )
    for note in report.notes:
        yield Text(f"note: {note}", style="yellow")
