"""What ./muxlab bench has measured, as charts: medians, with bars from the smallest sample to the greatest."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from muxlab.bench.figures import summary
from muxlab.bench.model import Part, Report, Scene, Subject
from muxlab.report.model import Axis, Curve, Point, Series

SIZE, DEPTH, CLIENTS = 64, 1, 50  # of the scenes that are drawn: what the quick run has, too
MESSAGES = f"{SIZE} bytes, one message of each client under way"
MOST_NOTES = 3


def curves(reports: Sequence[Report]) -> list[Curve]:
    """Each chart from the first report that has it."""
    found: dict[str, Curve] = {}
    for report in reports:
        for curve in _curves(report):
            if any(series.points for series in curve.series):
                found.setdefault(curve.id, curve)
    return list(found.values())


def _curves(report: Report) -> Iterator[Curve]:
    yield _line(
        report,
        "cpu-idle",
        "CPU per message against idle connections",
        "A few clients talk, the others are connected and say nothing. Both axes are logarithmic.",
        (Axis("connected clients", log=True), Axis("CPU per message (µs)", log=True)),
        {scene.idle + scene.connections: scene for scene in report.of(Part.IDLE)},
        "cpu",
    )
    echo = [scene for scene in report.of(Part.ECHO) if (scene.size, scene.depth) == (SIZE, DEPTH)]
    yield _line(
        report,
        "throughput",
        "Throughput against connections",
        f"{MESSAGES}. One load generator asks: where it has no time left, its limit is drawn, not the server's.",
        (Axis("connected clients", log=True), Axis("messages per second")),
        {scene.connections: scene for scene in echo},
        "rate",
    )
    fifty = next((scene for scene in echo if scene.connections == CLIENTS), None)
    yield _rows(
        report,
        "latency",
        "Latency percentiles",
        f"From asking to the whole answer: {CLIENTS} clients, {MESSAGES}.",
        Axis("latency (µs)", log=True),
        fifty,
        {"p50": "p50", "p99": "p99"},
    )
    yield _rows(
        report,
        "cpu",
        "CPU per message, beside other event loops",
        f"{CLIENTS} clients, {MESSAGES}. Ranges that overlap are no difference.",
        Axis("CPU per message (µs)"),
        fifty,
        {"cpu": "CPU"},
    )
    for name, scene, title, says in (
        (
            "wakeup",
            "wakeup-epoll",
            "What a wake-up costs, by waker",
            "There and back again between two threads that sleep in epoll_wait(2).",
        ),
        (
            "wakeup-loop",
            "wakeup-loop",
            "What a wake-up costs, by event loop",
            "A task is posted to a loop that sleeps, and wakes its poster through a futex.",
        ),
    ):
        known = next((one for one in report.of(Part.WAKEUP) if one.id == scene), None)
        yield _rows(report, name, title, says, Axis("round trip (µs)"), known, {"p50": "p50", "p99": "p99"})


def _line(
    report: Report, name: str, title: str, says: str, axes: tuple[Axis, Axis], scenes: dict[int, Scene], figure: str
) -> Curve:
    """Only the labs: more lines could not be told apart."""
    labs = [subject for subject in report.subjects if subject.kind == "lab"]
    series = (Series(_short(lab), tuple(_points(report, scenes, lab, figure))) for lab in labs)
    drawn = tuple(one for one in series if one.points)
    return Curve(name, title, says, _again(report), *axes, drawn, measured=_measured(report))


def _points(report: Report, scenes: dict[int, Scene], subject: Subject, figure: str) -> Iterator[Point]:
    for x, scene in sorted(scenes.items()):
        if point := _point(report, scene, subject, figure, x):
            yield point


def _rows(
    report: Report, name: str, title: str, says: str, axis: Axis, scene: Scene | None, figures: dict[str, str]
) -> Curve:
    """Labs and event loops, or all wakers. Floors are in the tables of ./muxlab bench."""
    known = [
        subject
        for subject in report.subjects
        if scene and subject.kind != "floor" and (one := report.result(scene.id, subject.id)) and one.values
    ]
    series = []
    for figure, mark in figures.items():
        points = [_point(report, scene, subject, figure, x) for x, subject in enumerate(known) if scene]
        if some := tuple(point for point in points if point):
            series.append(Series(mark, some))
    rows = tuple(_short(subject) for subject in known)
    return Curve(name, title, says, _again(report), Axis(""), axis, tuple(series), rows, _measured(report))


def _point(report: Report, scene: Scene, subject: Subject, figure: str, x: float) -> Point | None:
    result = report.result(scene.id, subject.id)
    found = summary(result.values.get(figure, ())) if result else None
    return Point(x, found.median, found.low, found.high) if found else None


def _short(subject: Subject) -> str:
    return subject.title.removeprefix("lab ")


def _again(report: Report) -> str:
    """To measure it once more one needs no file of one's own."""
    words = shlex.split(report.command)
    while "--json" in words:
        at = words.index("--json")
        del words[at : at + 2]
    return shlex.join(word for word in words if not word.startswith("--json="))


def _measured(report: Report) -> str:
    machine = report.machine
    virtual = f", under {machine.virtual}" if machine.virtual else ""
    rounds = f"medians of {report.rounds} rounds, bars from the lowest to the highest"
    quick = ". A quick run: enough to see that all works, not enough for figures" if report.quick else ""
    noise = f". Less trustworthy because {'; '.join(report.notes[:MOST_NOTES])}" if report.notes else ""
    return (
        f"Measured {report.made[:10]} on {machine.kernel}, {len(machine.cpus)} × {machine.cpu}{virtual}: "
        f"{rounds}{quick}{noise}."
    )
