"""What the page is made from, as files: build/report/data/. So it can be written again without measuring again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muxlab.errors import MuxlabError
from muxlab.report.model import Axis, Curve, Json, Point, Series

TRACE_SCHEMA = "muxlab-trace/1"
BENCH_SCHEMA = "muxlab-bench/1"


@dataclass(frozen=True)
class Store:
    folder: Path
    """build/report."""

    @property
    def page(self) -> Path:
        return self.folder / "index.html"

    @property
    def comparison(self) -> Path:
        return self.folder / "data" / "compare.json"

    @property
    def readiness(self) -> Path:
        return self.folder / "data" / "readiness.json"

    @property
    def bench(self) -> Path:
        return self.folder / "data" / "bench.json"

    @property
    def traces(self) -> Path:
        """SCENARIO.LAB.json."""
        return self.folder / "data" / "traces"

    @property
    def bugs(self) -> Path:
        """LAB.NAME.broken.json and LAB.NAME.fixed.json."""
        return self.folder / "data" / "bugs"


def read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise MuxlabError(f"{path} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise MuxlabError(f"{path} holds no JSON object")
    return data


def load_trace(path: Path) -> Json:
    data = read_json(path)
    if data.get("schema") != TRACE_SCHEMA:
        raise MuxlabError(f"{path} is not a trace of ./muxlab trace ({TRACE_SCHEMA})")
    return data


def save_trace(store: Store, trace: Json) -> None:
    store.traces.mkdir(parents=True, exist_ok=True)
    path = store.traces / f"{trace['scenario']['id']}.{trace['program']['name']}.json"
    path.write_text(json.dumps(trace, ensure_ascii=False) + "\n", encoding="utf-8")


def save_bug(store: Store, lab: str, name: str, broken: Json, fixed: Json) -> None:
    """The same clients at the server with a card's bug, and at the reference. `lab` is the lab's folder.

    The page pauses at the first step in which the two differ; or, if `broken` has a field "wrong", there:
    {"step": n, "fixed": m}, places in the steps of the two. `step` is null where the broken server does nothing more.
    """
    store.bugs.mkdir(parents=True, exist_ok=True)
    for which, trace in (("broken", broken), ("fixed", fixed)):
        path = store.bugs / f"{lab}.{name}.{which}.json"
        path.write_text(json.dumps(trace, ensure_ascii=False) + "\n", encoding="utf-8")


def load_traces(store: Store) -> list[Json]:
    return [load_trace(path) for path in sorted(store.traces.glob("*.json"))]


def load_bench(path: Path) -> list[Curve]:
    """The curves that ./muxlab bench has measured: none, if it was never run.

    {"schema": "muxlab-bench/1", "curves": [
      {"id": "throughput", "title": "…", "says": "one sentence", "command": "./muxlab bench …",
       "x": {"title": "connections", "log": true}, "y": {"title": "messages per second", "log": false},
       "series": [{"name": "03 epoll LT", "points": [{"x": 1, "y": 2.5, "low": 2.1, "high": 2.9}]}]}]}
    """
    if not path.is_file():
        return []
    data = read_json(path)
    if data.get("schema") != BENCH_SCHEMA:
        raise MuxlabError(f"{path} was not written by ./muxlab bench ({BENCH_SCHEMA})")
    try:
        return [_curve(one) for one in data["curves"]]
    except (KeyError, TypeError, ValueError) as error:
        raise MuxlabError(f"{path}: a curve is not complete: {error}") from None


def _curve(one: Json) -> Curve:
    return Curve(
        id=one["id"],
        title=one["title"],
        says=one["says"],
        command=one["command"],
        x=Axis(**one["x"]),
        y=Axis(**one["y"]),
        series=tuple(Series(series["name"], _points(series["points"])) for series in one["series"]),
    )


def _points(points: Sequence[Json]) -> tuple[Point, ...]:
    return tuple(Point(at["x"], at["y"], at.get("low", at["y"]), at.get("high", at["y"])) for at in points)
