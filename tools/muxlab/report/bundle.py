"""What the page's scripts are given: small things as JSON, each trace packed on its own."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from muxlab.compare.server_table import TITLES
from muxlab.project import LABS
from muxlab.report import sources
from muxlab.report.model import Contents, Json

COLUMNS: Mapping[str, str] = {lab.number: TITLES.get(lab.folder, f"{lab.number} {lab.name}") for lab in LABS}


@dataclass
class Bundle:
    """Collects traces, and each source text once."""

    packed: dict[str, str] = field(default_factory=dict)
    """By id: a trace, gzipped, in base64."""
    sources: dict[str, Sequence[sources.Line]] = field(default_factory=dict)

    def add(self, name: str, trace: Json) -> str:
        text = json.dumps(self.slim(trace), ensure_ascii=False, separators=(",", ":"))
        # mtime: the same trace gives the same page.
        self.packed[name] = base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
        return name

    def slim(self, trace: Json) -> dict[str, Any]:
        """The trace with its sources named instead of spelt out."""
        named = {}
        for file, text in trace.get("sources", {}).items():
            name = sources.key(text)
            self.sources[name] = sources.marked_up(file, text)
            named[file] = name
        return {**trace, "sources": named}


def scenarios(traces: Iterable[Json]) -> dict[str, list[Json]]:
    """By the scenario's id, each with its traces in the order of the labs."""
    found: dict[str, list[Json]] = {}
    for trace in traces:
        found.setdefault(trace["scenario"]["id"], []).append(trace)
    return {name: sorted(some, key=lambda trace: str(trace["program"]["name"])) for name, some in found.items()}


def bundle(contents: Contents) -> tuple[Bundle, dict[str, Any]]:
    """The packed traces, and the JSON that says what there is."""
    made = Bundle()
    listed = []
    for name, traces in scenarios(contents.traces).items():
        ids = [made.add(f"{name}-{trace['program']['name']}", trace) for trace in traces]
        listed.append({**traces[0]["scenario"], "traces": ids})
    known = {one["id"] for one in listed}
    listed += [{**one, "traces": []} for one in contents.offered if one["id"] not in known]
    for card in contents.cards:
        if card.broken and card.fixed:
            made.add(f"{card.lab}-{card.name}-broken", card.broken)
            made.add(f"{card.lab}-{card.name}-fixed", card.fixed)
    return made, {"columns": COLUMNS, "scenarios": listed, "sources": made.sources}


def in_script(data: object) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
