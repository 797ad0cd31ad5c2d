"""Results as JSON, the canonical form (docs/graded_tests.md has its fields), and how any result file is written."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from muxlab.errors import MuxlabError
from muxlab.grading.points import PER_LAB, number
from muxlab.grading.results import LabResult, Report, Result

FORMAT = "muxlab-grade"
VERSION = 1
"""Goes up when a field changes its meaning or goes away. New fields may come without."""


def as_json(report: Report) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "official": report.official,
        "complete": not report.troubles,
        "troubles": list(report.troubles),
        "seed": report.seed,
        "preset": report.preset,
        "keyword": report.keyword,
        "exit_code": report.exit_code,
        "score": number(report.earned),
        "possible": number(report.possible),
        "max_score": number(PER_LAB * len(report.labs)),
        "seconds": round(report.seconds, 1),
        "labs": [_lab(lab, report) for lab in report.labs],
    }


def _lab(lab: LabResult, report: Report) -> dict[str, Any]:
    error = lab.build_error
    return {
        "lab": lab.lab.number,
        "folder": lab.lab.folder,
        "title": lab.lab.title,
        "program": lab.program,
        "build_error": {"message": error.message, "details": error.details} if error else None,
        "score": number(lab.earned),
        "possible": number(lab.possible),
        "max_score": number(PER_LAB),
        "tests": [_test(result, report) for result in lab.results],
    }


def _test(result: Result, report: Report) -> dict[str, Any]:
    test, failure = result.test, result.failure
    return {
        "id": test.id,
        "title": test.title,
        "status": result.status.value,
        "score": number(result.earned),
        "max_score": number(result.points),
        "weight": test.weight,
        "hidden": test.hidden,
        "mechanism": test.how,
        "pitfalls": list(test.pitfalls),
        "needs": [need.lower() for need in test.needs],
        "file": test.file,
        "seconds": result.seconds,
        "reason": result.reason,
        "again": report.again_just(test),
        "failure": {
            "outcome": failure.outcome,
            "steps": [{"number": s.number, "text": s.text, "outcome": s.outcome} for s in failure.steps],
            "details": list(failure.details),
            "died": list(failure.died),
            "calls_title": failure.calls_title,
            "calls": list(failure.calls),
        }
        if failure
        else None,
    }


def dump(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def prepare(path: Path) -> None:
    """What an earlier grading has written goes: if this one dies, nobody shall take the old result for the new one."""
    if not path.absolute().parent.is_dir():
        raise MuxlabError(f"there is no folder {path.parent} to write {path.name} to")
    path.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """All of it or nothing: a reader never sees half a file."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
