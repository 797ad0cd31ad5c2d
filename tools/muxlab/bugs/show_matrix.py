"""What `./muxlab bug matrix` prints: a line for each card, with the tests that fail on it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from muxlab.bugs.card import TYPICAL, Card, cards, find_card
from muxlab.bugs.matrix import HANDFUL, Row, matrix
from muxlab.errors import MuxlabError
from muxlab.project import Project

WIDTH = 110
INDENT = " " * 4


def show_matrix(project: Project, names: Sequence[str], *, typical: bool, all_tests: bool, jobs: int) -> int:
    """0 if every card is caught by its own test."""
    started = time.monotonic()
    console = Console(highlight=False, soft_wrap=True)
    chosen = _chosen(project, [*names, *(TYPICAL if typical else ())])
    rows = matrix(project, chosen, all_tests=all_tests, jobs=jobs, on_row=lambda row: print_row(console, row))
    survivors = [row for row in rows if row.survives]
    crude = [row for row in rows if row.is_crude]
    for row in crude:
        console.print(Text(f"{row.card.id}: {len(row.others)} other tests fail on it, too", "yellow"))
    console.print(
        f"\n{len(rows)} cards, {len(survivors)} not caught, {len(crude)} that fail more than {HANDFUL} other tests; "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if survivors else 0


def _chosen(project: Project, names: Sequence[str]) -> list[Card]:
    chosen = [find_card(project, name) for name in names] or cards(project)
    if not chosen:
        raise MuxlabError("there are no bug cards in this project: they stay with the instructor")
    return chosen


def print_row(console: Console, row: Row) -> None:
    own = [f"{_mark(row, name)} {name.partition('.')[2]}" for name in row.card.caught_by]
    console.print(Text(f"{row.card.id:32} {'  '.join(own)}", "red" if row.survives else "green"))
    for line in row.error.splitlines():
        console.print(Text(f"{INDENT}{line}", "red"))
    for name in row.missed if not row.error else ():
        status = row.status(name)
        console.print(Text(f"{INDENT}{name}: {status.value if status else 'there is no such test'}", "red"))
    if row.others:
        text = f"also: {', '.join(name.partition('.')[2] for name in row.others)}"
        for line in wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT, break_on_hyphens=False):
            console.print(Text(line, "dim"))
    console.file.flush()  # into a file or a pipe, too: the next row may take a while


def _mark(row: Row, name: str) -> str:
    return "?" if row.error else "✗" if name in row.missed else "✓"
