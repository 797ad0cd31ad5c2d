"""Report ↔ JSON: docs/benchmarks.md describes the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from muxlab.bench.model import SCHEMA, VERSION, Machine, Part, Report, Result, Scene, Subject
from muxlab.errors import MuxlabError


def save(report: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(to_json(report), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> Report:
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise MuxlabError(f"{path} was not written by ./muxlab bench: {error}") from None


def to_json(report: Report) -> dict[str, Any]:
    return {"schema": SCHEMA, "version": VERSION, **asdict(report)}


def from_json(data: Mapping[str, Any]) -> Report:
    if data["schema"] != SCHEMA or data["version"] != VERSION:
        raise ValueError(f"it is {data['schema']} {data['version']}, and this program reads {SCHEMA} {VERSION}")
    rest = {name: value for name, value in data.items() if name not in {"schema", "version"}}
    return Report(
        **{
            **rest,
            "machine": Machine(**{**data["machine"], "cpus": tuple(data["machine"]["cpus"])}),
            "notes": tuple(data["notes"]),
            "subjects": tuple(Subject(**{**one, "options": tuple(one["options"])}) for one in data["subjects"]),
            "scenes": tuple(Scene(**{**one, "part": Part(one["part"])}) for one in data["scenes"]),
            "results": tuple(
                Result(**{**one, "values": {name: tuple(some) for name, some in one["values"].items()}})
                for one in data["results"]
            ),
        }
    )
