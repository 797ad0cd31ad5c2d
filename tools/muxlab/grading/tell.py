"""Tells a result in the order of design.md section 6, as lines with a style each: for a terminal and for files."""

from __future__ import annotations

from dataclasses import dataclass

from muxlab.grading.hints import Hints
from muxlab.grading.points import show
from muxlab.grading.results import Failure, Report, Result, Status
from muxlab.grading.story import OK

WIDTH = 100  # columns that the report is laid out for
STEP_WIDTH = 72  # columns for the text of a step at most; a longer one pushes its outcome to the right

NOT_YOURS = "  This is the grader's fault, not your server's: please tell your instructor."

CRASHES = ("SIGSEGV", "SIGBUS", "SIGFPE")  # of which the last calls do not tell the line
WITH_SANITIZER = "no-leaks"  # each lab has this test, and builds the program for it with AddressSanitizer

TITLE, GOOD, BAD, QUIET, HINT, COMMAND, PLAIN = "bold red", "green", "red", "dim", "yellow", "cyan", ""


@dataclass(frozen=True)
class Line:
    text: str
    style: str = PLAIN


def headline(result: Result, *, short: bool = False) -> Line:
    """With the test's whole name if nothing else names it."""
    name = result.test.id if short else result.test.lab
    left, right = f"✗ {name} · {result.test.title}", f"−{points(result.points)}"
    return Line(f"{left}{' ' * max(2, WIDTH - len(left) - len(right))}{right}", BAD if short else TITLE)


def points(tenths: int) -> str:
    return f"{show(tenths)} point{'' if tenths == 10 else 's'}"


def told_in_full(result: Result, report: Report, hints: Hints | None) -> list[Line]:
    lines = [headline(result), *story(result.failure)]
    if result.status is Status.BROKEN:
        lines.append(Line(NOT_YOURS))
    elif hints and hints.of(result.test.id):
        ask = f"(./muxlab hint {result.test.id}{hints.option})"
        lines.append(Line(f"  {hints.told(result.test.id, 1)}      {ask}", HINT))
    if where := _where(result, report):
        lines.append(where)
    lines.append(Line(f"  again: {report.again_just(result.test)}", COMMAND))
    return lines


def _where(result: Result, report: Report) -> Line | None:
    """Who has crashed wants the line of it."""
    again = report.again[result.test.lab]
    crashed = result.failure is not None and result.failure.outcome.endswith(CRASHES)
    if not crashed or " --server " in again:  # somebody's program, as it was built
        return None
    return Line(f"  where: {again} -k {WITH_SANITIZER} (it runs with sanitizers, and they name the line)", COMMAND)


def story(failure: Failure | None) -> list[Line]:
    """Steps, expected and actual, last words, last calls."""
    if failure is None:
        return []
    width = min(STEP_WIDTH, max((len(step.text) for step in failure.steps), default=0))
    lines = [
        Line(f"  {step.number:<2} {step.text:{width}}   {step.outcome}", PLAIN if step.outcome == OK else BAD)
        for step in failure.steps
    ]
    if not any(step.outcome == failure.outcome for step in failure.steps):
        lines.append(Line(f"     {failure.outcome}", BAD))
    lines += details(failure)
    if failure.calls:
        lines.append(Line(f"  {failure.calls_title}:"))
        lines += [Line(f"     {call}") for call in failure.calls]
    return lines


def details(failure: Failure | None) -> list[Line]:
    return [Line(f"     {text}") for text in (*failure.details, *failure.died)] if failure else []


def as_text(lines: list[Line]) -> str:
    return "\n".join(line.text.rstrip() for line in lines)
