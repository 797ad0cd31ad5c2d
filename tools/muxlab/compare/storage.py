"""Report ↔ JSON. The file looks like the classes in model.py; each cell says what it is in "kind"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from muxlab.compare.model import (
    SCHEMA,
    VERSION,
    Cell,
    Column,
    Conditions,
    Machine,
    Metric,
    Missing,
    Number,
    Numbers,
    Report,
    Row,
    Table,
    Text,
)
from muxlab.errors import MuxlabError

_KINDS: Mapping[str, type[Number | Text | Missing]] = {"number": Number, "text": Text, "missing": Missing}


def save(report: Report, path: Path) -> None:
    path.write_text(json.dumps(to_json(report), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> Report:
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise MuxlabError(f"{path} was not written by ./muxlab compare --json: {error}") from None


def to_json(report: Report) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "made": report.made,
        "seconds": report.seconds,
        "machine": asdict(report.machine),
        "conditions": asdict(report.conditions),
        "tables": [_table_to_json(table) for table in report.tables],
    }


def from_json(data: Mapping[str, Any]) -> Report:
    if data["schema"] != SCHEMA or data["version"] != VERSION:
        raise ValueError(f"it is {data['schema']} {data['version']}, and this program reads {SCHEMA} {VERSION}")
    return Report(
        made=data["made"],
        seconds=data["seconds"],
        machine=Machine(**data["machine"]),
        conditions=Conditions(**data["conditions"]),
        tables=tuple(_table_from_json(table) for table in data["tables"]),
    )


def _table_to_json(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "title": table.title,
        "columns": [asdict(column) for column in table.columns],
        "rows": [
            {"metric": asdict(row.metric), "cells": [_cell_to_json(cell) for cell in row.cells]} for row in table.rows
        ],
    }


def _table_from_json(data: Mapping[str, Any]) -> Table:
    return Table(
        id=data["id"],
        title=data["title"],
        columns=tuple(Column(**column) for column in data["columns"]),
        rows=tuple(
            Row(
                Metric(**{**row["metric"], "parts": tuple(row["metric"]["parts"])}),
                tuple(_cell_from_json(cell) for cell in row["cells"]),
            )
            for row in data["rows"]
        ),
    )


def _cell_to_json(cell: Cell) -> dict[str, Any]:
    if isinstance(cell, Numbers):
        return {"kind": "numbers", "parts": [asdict(part) for part in cell.parts]}
    kind = next(name for name, one in _KINDS.items() if isinstance(cell, one))
    return {"kind": kind, **asdict(cell)}


def _cell_from_json(data: Mapping[str, Any]) -> Cell:
    if data["kind"] == "numbers":
        return Numbers(tuple(Number(**part) for part in data["parts"]))
    return _KINDS[data["kind"]](**{name: value for name, value in data.items() if name != "kind"})
