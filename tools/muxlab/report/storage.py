"""What the page is made from, as files: build/report/data/. So it can be written again without measuring again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muxlab.bench import model as bench
from muxlab.bench import storage as bench_storage
from muxlab.errors import MuxlabError
from muxlab.report.model import Json

TRACE_SCHEMA = "muxlab-trace/1"


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
        """One file for each part that was measured."""
        return self.folder / "data" / "bench"

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
    {"step": n, "fixed": m, "beat": b}, places in the steps of the two. `step` is null where the broken server does
    nothing more; where it belongs to a later beat than b, it does nothing in b, and that is what is wrong.
    """
    store.bugs.mkdir(parents=True, exist_ok=True)
    for which, trace in (("broken", broken), ("fixed", fixed)):
        path = store.bugs / f"{lab}.{name}.{which}.json"
        path.write_text(json.dumps(trace, ensure_ascii=False) + "\n", encoding="utf-8")


def load_traces(store: Store) -> list[Json]:
    return [load_trace(path) for path in sorted(store.traces.glob("*.json"))]


def save_bench(store: Store, report: bench.Report, name: str) -> None:
    """What ./muxlab bench has measured; `name` says which part, so that runs of different parts stand side by side."""
    bench_storage.save(report, store.bench / f"{name}.json")


def load_bench(store: Store) -> list[bench.Report]:
    """The newest first, and quick runs behind all others: none, if it was never run."""
    reports = [bench_storage.load(path) for path in store.bench.glob("*.json")]
    reports.sort(key=lambda one: one.made, reverse=True)
    return sorted(reports, key=lambda one: one.quick)
