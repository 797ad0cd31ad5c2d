"""Prints the lesson diff: in colour on a terminal, plain elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from muxlab.diff import FileDiff, lesson, rows, summary
from muxlab.project import Lab, Project

STYLES = {"-": "red", "+": "green", "@": "cyan"}
SIDES = {" ": ("", ""), "|": ("red", "green"), "<": ("red", ""), ">": ("", "green")}


def show_diff(project: Project, before: Lab, after: Lab, side_by_side: bool) -> None:
    console = Console(highlight=False)
    diffs = lesson(project, before, after)
    for diff in diffs:
        if side_by_side:
            _show_sides(console, diff)
        else:
            _show_unified(console, diff)
    console.print(summary(diffs), soft_wrap=True, markup=False)


def _show_unified(console: Console, diff: FileDiff) -> None:
    for number, line in enumerate(diff.lines):
        style = "bold" if number < 2 else STYLES.get(line[:1], "")
        # soft_wrap: the terminal breaks a long line, and a pipe gets it whole, as diff -u would print it.
        console.print(Text(line, style), soft_wrap=True)


def _show_sides(console: Console, diff: FileDiff) -> None:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(Text(diff.before.name), ratio=1, overflow="fold")
    table.add_column("")
    table.add_column(Text(diff.after.name), ratio=1, overflow="fold")
    for left, mark, right in rows(diff):
        left_style, right_style = SIDES[mark]
        table.add_row(Text(left, left_style), mark, Text(right, right_style))
    console.print(table)
