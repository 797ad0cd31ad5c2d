"""The report on the terminal: a score bar for each lab, then the failures, then what was not run. Plain in a pipe."""

from __future__ import annotations

from textwrap import wrap

from rich.console import Console
from rich.text import Text

from muxlab.grading import tell
from muxlab.grading.hints import Hints
from muxlab.grading.points import show
from muxlab.grading.results import LabResult, Report, Result, Status
from muxlab.grading.tell import Line

TOLD = 3  # failures of a lab that are told in full, unless all are asked for: a beginner mends one thing at a time
_BAR = 40  # columns
_TITLE = 28


def show_report(report: Report, hints: Hints, told: int | None = TOLD) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for line in report_lines(report, hints, told):
        console.print(Text(line.text.rstrip(), line.style))


def report_lines(report: Report, hints: Hints, told: int | None = TOLD) -> list[Line]:
    lines = [Line(_what(report)), Line("")]
    for lab in report.labs:
        lines.append(_bar(lab))
    if len(report.labs) > 1:
        total = f"{'total':{_TITLE + 4}}{'':{_BAR}}  {show(report.earned)}/{show(report.possible)}"
        lines.append(Line(total, "bold"))
    for lab in report.labs:
        lines += _build_error(lab) if lab.build_error else _failures(lab, report, hints, told)
        lines += _set_aside(lab)
    for trouble in report.troubles:
        lines += [Line(""), Line(f"Grading did not come to its end: {trouble}", tell.BAD)]
    return [*lines, Line(""), Line(closing_line(report))]


def closing_line(report: Report) -> str:
    """'87.5/100 points: 38 passed, 3 failed'. A program may read it."""
    counts = {status: len(report.results(status)) for status in Status}
    parts = [f"{counts[Status.PASSED]} passed", f"{counts[Status.FAILED]} failed"]
    parts += [f"{counts[status]} {status.value}" for status in (Status.BROKEN, Status.NOT_RUN) if counts[status]]
    return f"{show(report.earned)}/{show(report.possible)} points: {', '.join(parts)}"


def _what(report: Report) -> str:
    parts = [f"seed {report.seed}"]
    if report.preset != "dev":
        parts.append(f"preset {report.preset}")
    if report.keyword:
        parts.append(f"only -k '{report.keyword}'")
    kind = "official grading" if report.official else "graded"
    return f"{kind} with {', '.join(parts)}"


def _bar(lab: LabResult) -> Line:
    filled = _BAR * lab.earned // lab.possible if lab.possible else 0
    bar = "█" * filled + "░" * (_BAR - filled)
    text = f"{lab.lab.number}  {_cut(lab.lab.title):{_TITLE}}{bar}  {show(lab.earned)}/{show(lab.possible)}"
    notes = []
    if lab.build_error:
        notes.append("does not build")
    elif lab.failed:
        notes.append(f"{len(lab.failed)} of {len(lab.results)} failed")
    if broken := lab.having(Status.BROKEN):
        notes.append(f"{len(broken)} broken")
    if skipped := lab.having(Status.NOT_RUN):
        notes.append(f"{len(skipped)} not run ({tell.points(sum(result.points for result in skipped))})")
    if lab.chosen < lab.total:
        notes.append("not all tests chosen")
    good = lab.earned == lab.possible and bool(lab.possible)
    return Line(f"{text}{'   ' if notes else ''}{', '.join(notes)}", tell.GOOD if good else tell.PLAIN)


def _cut(text: str) -> str:
    return text if len(text) < _TITLE else f"{text[: _TITLE - 2]}…"


def _build_error(lab: LabResult) -> list[Line]:
    error = lab.build_error
    assert error is not None, "asked for"
    return [
        Line(""),
        Line(f"✗ {lab.lab.number} · {error.message}", tell.TITLE),
        *(Line(f"  {text}") for text in error.details.splitlines()),
        Line(f"  none of its {len(lab.results)} tests could be run: −{tell.points(lab.chosen)}"),
    ]


def _failures(lab: LabResult, report: Report, hints: Hints, told: int | None) -> list[Line]:
    in_full = lab.told(told)
    others = [result for result in lab.failed if result not in in_full]
    lines: list[Line] = []
    for result in in_full:
        alike = [other for other in others if other.kind == result.kind]
        others = [other for other in others if other not in alike]
        hint = not (alike and result.is_early)  # else the cause is not what this test is about
        lines += [Line(""), *tell.told_in_full(result, report, hints if hint else None), *_alike(alike)]
    if others:
        lines += [Line(""), *(tell.headline(result, short=True) for result in others)]
        lines.append(Line(f"  told in full: {report.again[lab.lab.number]} --full --seed {report.seed}", tell.COMMAND))
    return lines


def _alike(results: list[Result]) -> list[Line]:
    if not results:
        return []
    told = results[0].failure and results[0].failure.cause  # a crash alone may have several causes
    what, unless = ("", "") if told else (" outcome", ", perhaps for another reason")
    return _names(f"the same{what} in {_tests(results)}{unless}: ", results)


def _names(text: str, results: list[Result]) -> list[Line]:
    text += ", ".join(result.test.name for result in results)
    lines = wrap(text, tell.WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    return [Line(line) for line in lines]


def _set_aside(lab: LabResult) -> list[Line]:
    """What was not judged, by reason."""
    lines: list[Line] = []
    for status, style in ((Status.BROKEN, tell.TITLE), (Status.NOT_RUN, tell.HINT)):
        by_reason: dict[str, list[Result]] = {}
        for result in lab.having(status):
            by_reason.setdefault(result.reason, []).append(result)
        for reason, results in by_reason.items():
            lines += [Line(""), Line(f"– {lab.lab.number} · {status.value}, {_tests(results)}: {reason}", style)]
            lines += _names("", results)
            if status is Status.BROKEN:
                lines += tell.details(results[0].failure)
                lines.append(Line(tell.NOT_YOURS))
    return lines


def _tests(results: list[Result]) -> str:
    """'3 tests worth 5.5 points'."""
    number = f"{len(results)} test{'s' if len(results) > 1 else ''}"
    return f"{number} worth {tell.points(sum(result.points for result in results))}"
