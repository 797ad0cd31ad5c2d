"""All that compare finds out, typed: the terminal's tables, the JSON file and the page are drawn from this alone."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

SCHEMA = "muxlab-compare"
VERSION = 1  # of the JSON file; a field that goes or changes its meaning makes it 2


@dataclass(frozen=True)
class Number:
    """A count or a measurement, with its spread when it was taken several times."""

    value: float
    """The median, when there are several samples."""
    low: float
    high: float
    """The smallest and the greatest sample."""
    samples: int = 1
    at_least: bool = False
    """It may be more: we stopped asking."""
    note: str = ""
    shown: str = ""
    """How to write it, where digits would not help: '2^64 - 2'."""


@dataclass(frozen=True)
class Numbers:
    """Several numbers that belong together, such as bytes in and bytes out. The metric names the parts."""

    parts: tuple[Number, ...]


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Missing:
    """Not measured, and why."""

    reason: str


Cell = Number | Numbers | Text | Missing


def exactly(value: float) -> Number:
    return Number(value, value, value)


def summary(samples: Sequence[float]) -> Number:
    return Number(statistics.median(samples), min(samples), max(samples), len(samples))


@dataclass(frozen=True)
class Metric:
    """One row of a table: the same question asked of every column."""

    id: str
    group: str
    """Rows of one group stand together."""
    title: str
    unit: str
    explanation: str
    """One sentence: what the number says, and how to read it."""
    method: str
    """How it was measured."""
    command: str
    """What to type to see it with one's own eyes. LAB stands for the column's name."""
    footnote: str = ""
    """What a reader of the table has to know; several rows may share one."""
    parts: tuple[str, ...] = ()
    """The names of the parts, if the cells are Numbers."""
    joint: str = " / "
    """What stands between the parts."""
    decimals: int = 0
    """When it is no whole number."""


@dataclass(frozen=True)
class Column:
    id: str
    """The lab's folder, or the waker's name."""
    title: str


@dataclass(frozen=True)
class Row:
    metric: Metric
    cells: tuple[Cell, ...]
    """One for each column, in the same order."""


@dataclass(frozen=True)
class Table:
    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def row(self, metric: str) -> Row:
        return next(row for row in self.rows if row.metric.id == metric)

    def cell(self, metric: str, column: str) -> Cell:
        place = [one.id for one in self.columns].index(column)
        return self.row(metric).cells[place]

    def missing(self) -> list[str]:
        """Why cells are empty: each reason once, in the order of the table."""
        cells = [cell for row in self.rows for cell in row.cells]
        return list(dict.fromkeys(cell.reason for cell in cells if isinstance(cell, Missing)))


@dataclass(frozen=True)
class Machine:
    kernel: str
    architecture: str
    cpu: str
    cpus: int
    """Those that this process may use."""
    open_files_soft: int
    open_files_hard: int
    libc: str
    python: str
    strace: str
    """Empty if there is none."""


@dataclass(frozen=True)
class Conditions:
    """What the numbers hold for."""

    preset: str
    command: str
    quick: bool
    clients: int
    """That speak."""
    idle: int
    """That are connected beside them and say nothing, where the table says 'with idle clients'."""
    message: int
    """Bytes."""
    rounds: int
    """Of the CPU measurement."""


@dataclass(frozen=True)
class Report:
    made: str
    """ISO 8601, UTC."""
    seconds: float
    machine: Machine
    conditions: Conditions
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.id == name)
