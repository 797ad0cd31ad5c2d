"""A trace as JSON. docs/trace_format.md is the description; fields may be added, and never change their meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from muxlab.trace.model import SCHEMA, Step, Trace


def save(trace: Trace, path: Path) -> None:
    path.write_text(json.dumps(as_json(trace), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def as_json(trace: Trace) -> dict[str, Any]:
    whole = asdict(trace)
    whole["steps"] = [_step(step) for step in trace.steps]
    return {"schema": SCHEMA, **whole}


def _step(step: Step) -> Mapping[str, Any]:
    """What belongs to one kind of step stands beside the rest, not in an object of its own."""
    fields = asdict(step)
    detail = fields.pop("detail")
    return {**fields, **(detail or {})}
