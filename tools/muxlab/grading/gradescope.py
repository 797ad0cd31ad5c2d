"""Results as Gradescope's results.json. A hidden test is hidden there, too."""

from __future__ import annotations

from typing import Any

from muxlab.grading.hints import Hints
from muxlab.grading.points import PER_LAB, number
from muxlab.grading.report import closing_line
from muxlab.grading.results import Report, Result, Status
from muxlab.grading.tell import as_text, told_in_full


def as_gradescope(report: Report, hints: Hints) -> dict[str, Any]:
    problems = [f"{lab.lab.number}: {lab.build_error.message}" for lab in report.labs if lab.build_error]
    return {
        "score": number(report.earned),
        "max_score": number(PER_LAB * len(report.labs)),
        "execution_time": round(report.seconds),
        "output": "\n".join([*report.troubles, *problems, f"{closing_line(report)}, seed {report.seed}"]),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",  # the terminal's report names the hidden tests
        "tests": [_test(result, report, hints) for result in report.results()],
    }


def _test(result: Result, report: Report, hints: Hints) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": f"{result.test.lab} · {result.test.title}",
        "name_format": "text",
        "number": result.test.id,
        "max_score": number(result.points),
        "visibility": "hidden" if result.test.hidden else "visible",
        "output": _output(result, report, hints),
        "output_format": "text",
    }
    if result.status is not Status.NOT_RUN:
        entry["score"] = number(result.earned)
        entry["status"] = "passed" if result.status is Status.PASSED else "failed"
    return entry


def _output(result: Result, report: Report, hints: Hints) -> str:
    if result.status is Status.NOT_RUN:
        return f"not run: {result.reason}"
    if not result.lost:
        return ""
    return as_text(told_in_full(result, report, hints))
