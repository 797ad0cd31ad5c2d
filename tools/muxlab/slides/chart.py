"""The curve: processor time for one message, while more and more clients are silent; from ./muxlab bench's JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log10
from statistics import median
from typing import Any

from muxlab.errors import MuxlabError
from muxlab.project import SERVERS, Project
from muxlab.slides.phrases import IN_ENGLISH, Phrases

TITLES = {"01": "select", "02": "poll", "03": "epoll LT", "04": "epoll ET", "05": "loops"}
LABEL = "Processor time for each message"
LEFT, TOP = 96, 14  # of the axes
DISTURBED = {  # a word in a note of ./muxlab bench, and what the chart says then
    "kept": ", while other programs ran",
    "throttled": ", on a processor that was slowed down at times",
}
LOWEST, HIGHEST = 1, 10_000  # µs: four decades


@dataclass(frozen=True)
class Size:
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.width - 160

    @property
    def bottom(self) -> int:
        return self.height - 70


WIDE, NARROW = Size(1160, 430), Size(720, 330)


@dataclass(frozen=True)
class Curve:
    lab: str
    title: str
    points: tuple[tuple[int, float, float, float], ...]
    """How many idle clients; µs: the median, the lowest, the highest."""


def idle_chart(project: Project, marked: str, narrow: bool, words: Phrases = IN_ENGLISH) -> str:
    """An SVG. The curve of the lab whose number is `marked` stands out; none or all of them otherwise."""
    data, size = _read(project), NARROW if narrow else WIDE
    crowds = {scene["id"]: int(scene["idle"]) for scene in data["scenes"] if scene["part"] == "idle"}
    curves = [_curve(data, crowds, lab.folder, words.of(TITLES[lab.number])) for lab in SERVERS]
    apart = (size.right - LEFT - 80) / (len(crowds) - 1)
    across = {idle: LEFT + 40 + n * apart for n, idle in enumerate(crowds.values())}
    parts = [f'<svg viewBox="0 0 {size.width} {size.height}" role="img" aria-label="{words.of(LABEL)}">']
    parts += _axes(across, size, words)
    for curve in sorted(curves, key=lambda one: one.lab[:2] == marked):
        parts.append(_drawn(curve, across, size, "" if not marked else "marked" if curve.lab[:2] == marked else "pale"))
    parts += _labels(curves, across, size, marked, words)
    machine = data["machine"]
    busy = "".join(words.of(said) for word, said in DISTURBED.items() if any(word in note for note in data["notes"]))
    rounds = "" if narrow else words.of(": median, lowest to highest of {} rounds").format(data["rounds"])
    where = machine["kernel"] if narrow else f"{machine['kernel']}, {len(machine['cpus'])} × {machine['cpu']}"
    command = words.of("measured with {}").format("./muxlab bench idle")
    note = f"{command}{rounds}{words.of('; ')}{where}{busy}"
    parts.append(f'<text class="note" x="0" y="{size.height - 8}">{note}</text></svg>')
    return "".join(parts)


def _read(project: Project) -> Mapping[str, Any]:
    path = project.root / "slides" / "data" / "bench-idle.json"
    if not path.is_file():
        raise MuxlabError("slides/data/bench-idle.json does not exist: slides/data/record.sh makes it")
    data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def _curve(data: Mapping[str, Any], crowds: dict[str, int], lab: str, title: str) -> Curve:
    points = [
        (crowds[one["scene"]], median(one["values"]["cpu"]), min(one["values"]["cpu"]), max(one["values"]["cpu"]))
        for one in data["results"]
        if one["subject"] == lab and one["scene"] in crowds and not one["error"]
    ]
    if not points:
        raise MuxlabError(f"slides/data/bench-idle.json says nothing about {lab}")
    return Curve(lab, title, tuple(sorted(points)))


def _y(micros: float, size: Size) -> float:
    share = (log10(max(micros, LOWEST)) - log10(LOWEST)) / (log10(HIGHEST) - log10(LOWEST))
    return size.bottom - share * (size.bottom - TOP)


def _axes(across: dict[int, float], size: Size, words: Phrases) -> Iterable[str]:
    for power in range(round(log10(LOWEST)), round(log10(HIGHEST)) + 1):
        y = _y(10**power, size)
        yield f'<line class="grid" x1="{LEFT}" x2="{size.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{LEFT - 12}" y="{y + 6:.1f}" text-anchor="end">{10**power:,} µs</text>'
    for idle, x in across.items():
        yield f'<text class="tick" x="{x:.1f}" y="{size.bottom + 26}" text-anchor="middle">{idle:,}</text>'
    yield f'<text class="tick" x="{size.right + 14}" y="{size.bottom + 26}">{words.of("idle clients")}</text>'


def _drawn(curve: Curve, across: dict[int, float], size: Size, kind: str) -> str:
    path = " ".join(f"{across[idle]:.1f},{_y(middle, size):.1f}" for idle, middle, _, _ in curve.points)
    bars = "".join(
        f'<line x1="{across[idle]:.1f}" x2="{across[idle]:.1f}" y1="{_y(low, size):.1f}" y2="{_y(high, size):.1f}"/>'
        f'<circle cx="{across[idle]:.1f}" cy="{_y(middle, size):.1f}" r="5"/>'
        for idle, middle, low, high in curve.points
    )
    return f'<g class="curve lab{curve.lab[:2]} {kind}"><polyline points="{path}"/>{bars}</g>'


def _labels(curves: list[Curve], across: dict[int, float], size: Size, marked: str, words: Phrases) -> Iterable[str]:
    """At the end of each curve, moved apart where they would touch."""
    last = -100.0
    for curve in sorted(curves, key=lambda one: _y(one.points[-1][1], size)):
        idle, middle, _, _ = curve.points[-1]
        wanted = _y(middle, size) + 6
        full = across[idle] > size.right - 60
        y = max(wanted, last + 24) if full else wanted + 16  # below the curves that go on
        last = y if full else last
        kind = "pale" if marked and curve.lab[:2] != marked else ""
        what = f"{curve.title}{words.of(': ')}{middle:,.0f} µs"
        yield f'<text class="label lab{curve.lab[:2]} {kind}" x="{across[idle] + 12:.1f}" y="{y:.1f}">{what}</text>'
