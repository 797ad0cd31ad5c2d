"""./muxlab test: builds, runs everything, and tells what came of it."""

from __future__ import annotations

import os
import shlex

from rich.console import Console
from rich.table import Table
from rich.text import Text

from muxlab.build import build
from muxlab.ctest import Outcome, Report, TestResult, rerun_options, run_tests
from muxlab.project import Project

OUTPUT_LINES = 60  # of a failed test: the end, where the reason mostly is


def default_jobs() -> int:
    """One more than processors, because tests also wait; and too many at once make time-outs of slow tests."""
    return min((os.cpu_count() or 1) + 1, 4)


def build_and_test(project: Project, preset: str, pattern: str, jobs: int) -> int:
    """Returns the exit code."""
    build(project, preset)
    report = run_tests(project, preset, pattern, jobs)
    console = Console(highlight=False)
    for result in report.having(Outcome.FAILED):
        _show_failure(console, result, preset)
    console.print(_table(report))
    # print, not Rich: a program may read this line.
    print(report.closing_line)
    return 1 if report.having(Outcome.FAILED) else 0


def _show_failure(console: Console, result: TestResult, preset: str) -> None:
    reason = f" ({result.reason})" if result.reason else ""
    console.print(Text(f"✗ {result.group} · {result.name}{reason}", "bold red"), soft_wrap=True)
    lines = result.output.rstrip().splitlines()
    if len(lines) > OUTPUT_LINES:
        console.print(f"  … {len(lines) - OUTPUT_LINES} lines before these", style="dim", markup=False)
    for line in lines[-OUTPUT_LINES:]:
        console.print(Text(f"  {line}"), soft_wrap=True)
    again = shlex.join(["./muxlab", "test", *rerun_options(preset, result.name)])
    console.print(Text(f"  again: {again}\n", "cyan"), soft_wrap=True)


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("group")
    for title in ("passed", "failed", "skipped", "seconds"):
        table.add_column(title, justify="right")
    for group in report.groups():
        passed, failed, skipped = (len(report.having(outcome, group)) for outcome in Outcome)
        style = "red" if failed else ""
        cells = (str(passed), str(failed), str(skipped), f"{report.seconds(group):.1f}")
        table.add_row(Text(group), *cells, style=style)
    return table
