"""What compare measures at two points each, as curves; and what it takes the benchmark to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from muxlab.compare import server_metrics as metrics
from muxlab.compare.model import Cell, Number, Numbers, Report, Table
from muxlab.report.model import Axis, Curve, Point, Series

EXPECTED: Mapping[str, str] = {
    "cpu-idle": "CPU per message against idle connections",
    "throughput": "Throughput against connections",
    "latency": "Latency percentiles",
    "wakeup": "What a wake-up costs, by waker",
}
"""The curves that ./muxlab bench measures, by id."""


def from_comparison(report: Report) -> list[Curve]:
    table = report.table("servers")
    few, many = report.conditions.clients, report.conditions.clients + report.conditions.idle
    curves = [
        Curve(
            id="bytes-idle",
            title="Bytes copied for one wait call",
            says="In and out together. select and poll hand over everything they ask about; epoll only what is ready.",
            command=f"{report.conditions.command}   (two points each: {few} and {many} clients)",
            x=Axis("connected clients"),
            y=Axis("bytes per wait call"),
            series=_series(table, {few: metrics.BYTES_FEW.id, many: metrics.BYTES_MANY.id}),
        ),
        Curve(
            id="cpu-two-points",
            title="CPU for one message",
            says="User and kernel time, the median of all rounds; the bars reach from the lowest to the highest.",
            command=f"{report.conditions.command}   (two points each: 0 and {report.conditions.idle} idle clients)",
            x=Axis("idle clients"),
            y=Axis("CPU per message (µs)"),
            series=_series(table, {0: metrics.CPU_FEW.id, report.conditions.idle: metrics.CPU_MANY.id}),
        ),
    ]
    return [curve for curve in curves if curve.series]


def missing(curves: Sequence[Curve]) -> list[str]:
    """The titles of what nobody has measured yet."""
    known = {curve.id for curve in curves}
    return [title for name, title in EXPECTED.items() if name not in known]


def _series(table: Table, by_x: Mapping[int, str]) -> tuple[Series, ...]:
    found = []
    there = {row.metric.id for row in table.rows}
    for column in table.columns:
        points = [_point(x, table.cell(metric, column.id)) for x, metric in by_x.items() if metric in there]
        known = tuple(point for point in points if point is not None)
        if known:
            found.append(Series(column.title, known))
    return tuple(found)


def _point(x: float, cell: Cell) -> Point | None:
    if isinstance(cell, Number):
        return Point(x, cell.value, cell.low, cell.high)
    if isinstance(cell, Numbers):
        return Point(x, *(sum(values) for values in zip(*((p.value, p.low, p.high) for p in cell.parts), strict=True)))
    return None
