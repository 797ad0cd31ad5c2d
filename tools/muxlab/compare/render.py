"""Draws a report in the terminal: a hundred columns are enough, and colour is only for the eye."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text as Styled

from muxlab.compare.model import Cell, Metric, Missing, Number, Numbers, Report, Table, Text

WIDTH = 100  # columns, where there is no terminal to ask
LEAST = 76  # columns: below this a table is no table any more
CELL = 11  # columns for a cell at least: "7,288/1,822"
LABEL = 22  # columns for the names of the rows at least
NOTHING = "–"
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def show(report: Report) -> None:
    """On stdout."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without µ is no reason to fail
    console = Console()
    width = console.width if console.is_terminal else WIDTH
    console = Console(width=max(width, LEAST))
    console.print(drawn(report, console.width))


def drawn(report: Report, width: int) -> RenderableType:
    parts: list[RenderableType] = []
    for table in report.tables:
        parts += [_grid(table, width), Padding(_footnotes(table), (0, 1, 1, 1))]
    machine = report.machine
    parts.append(
        Styled(
            f" {machine.kernel}, {machine.cpus} × {machine.cpu}; build/{report.conditions.preset}; "
            f"measured in {report.seconds:.0f} s",
            style="dim",
        )
    )
    return Group(*parts)


def _grid(table: Table, width: int) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, title=table.title, title_justify="left", title_style="bold", padding=(0, 1, 0, 0))
    wanted = max(CELL, *(len(column.title) for column in table.columns))
    fits = (width - 3 - LABEL) // len(table.columns) - 2
    each = min(wanted, fits)  # on a narrow terminal the cells wrap
    grid.add_column("", width=min(width - 3 - len(table.columns) * (each + 2), 2 * LABEL))
    for column in table.columns:
        grid.add_column(column.title, justify="right", header_style="bold cyan", width=each, overflow="fold")
    numbers = _numbered(table)
    group = ""
    for row in table.rows:
        if row.metric.group != group:
            group = row.metric.group
            grid.add_row(Styled(group, style="bold"))
        title = Styled("  " + row.metric.title)
        if row.metric.footnote:
            title.append(" " + _mark(numbers[row.metric.footnote]), style="cyan")
        grid.add_row(title, *(_cell(row.metric, cell, each) for cell in row.cells))
    return grid


def _numbered(table: Table) -> dict[str, int]:
    notes = dict.fromkeys(row.metric.footnote for row in table.rows if row.metric.footnote)
    return {note: number for number, note in enumerate(notes, 1)}


def _mark(number: int) -> str:
    return str(number).translate(SUPERSCRIPTS)


def _footnotes(table: Table) -> Grid:
    notes = Grid.grid(padding=(0, 1))
    notes.add_column(no_wrap=True)
    notes.add_column()
    for note, number in _numbered(table).items():
        notes.add_row(Styled(_mark(number), style="cyan"), Styled(note, style="dim"))
    for reason in table.missing():
        notes.add_row(Styled(NOTHING, style="yellow"), Styled(f"not measured: {reason}", style="yellow"))
    return notes


def _cell(metric: Metric, cell: Cell, width: int) -> Styled:
    if isinstance(cell, Missing):
        return Styled(NOTHING, style="yellow")
    text = written(metric, cell)
    # Where it has to break, better between two numbers than inside one.
    return Styled(text.replace("/", "/\n") if len(text) > width and "\n" not in text else text)


def written(metric: Metric, cell: Cell) -> str:
    """A cell as text; the spread, where there is one, on a line of its own."""
    if isinstance(cell, Missing):
        return NOTHING
    if isinstance(cell, Text):
        return cell.text
    if isinstance(cell, Numbers):
        parts = [_middle(part, metric.decimals) + _spread(part, metric.decimals, " ") for part in cell.parts]
        return metric.joint.join(parts)
    return _middle(cell, metric.decimals) + _spread(cell, metric.decimals, "\n")


def _middle(number: Number, decimals: int) -> str:
    # An exact count needs no ".00"; a median of 3.0 out of 2.9 and 3.1 does.
    exact = number.low == number.high
    plus = "+" if number.at_least else ""
    return number.shown or _figure(number.value, decimals, exact) + plus


def _spread(number: Number, decimals: int, glue: str) -> str:
    low, high = (_figure(value, decimals, exact=False) for value in (number.low, number.high))
    return "" if low == high else f"{glue}{low}–{high}"


def _figure(value: float, decimals: int, exact: bool) -> str:
    if exact and value == int(value):
        return f"{int(value):,}"
    if value >= 100:  # nobody measures four digits here
        decimals = 0
    return f"{value:,.{decimals}f}"
