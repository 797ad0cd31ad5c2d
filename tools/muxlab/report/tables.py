"""The comparison as HTML: each number with its explanation, and the command that shows it again."""

from __future__ import annotations

from datetime import datetime
from html import escape

from muxlab.compare.model import Cell, Metric, Missing, Report, Row, Table
from muxlab.compare.render import written


def comparison(report: Report) -> str:
    return "".join(_table(table) for table in report.tables) + f'<p class="lead">{escape(_conditions(report))}</p>'


def _table(table: Table) -> str:
    titles = "".join(f'<th scope="col">{escape(column.title)}</th>' for column in table.columns)
    body, group = "", ""
    for row in table.rows:
        if row.metric.group != group:
            group = row.metric.group
            body += (
                f'<tr class="group"><th scope="colgroup" colspan="{len(table.columns) + 1}">{escape(group)}</th></tr>'
            )
        body += _row(table, row)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}"><table class="numbers">'
        f"<caption>{escape(table.title)}</caption>"
        f"<thead><tr><td></td>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
        f"{_holes(table)}"
    )


def _row(table: Table, row: Row) -> str:
    metric = row.metric
    name = f"about-{table.id}-{metric.id}"
    cells = "".join(f"<td>{_cell(metric, cell)}</td>" for cell in row.cells)
    unit = f"{metric.unit}: {metric.joint.join(metric.parts)}" if metric.parts else metric.unit
    return (
        f'<tr><th scope="row" class="metric"><button type="button" aria-expanded="false" aria-controls="{name}">'
        f"{escape(metric.title)}</button><small>{escape(unit)}</small></th>{cells}</tr>"
        f'<tr class="explained" id="{name}" hidden><td colspan="{len(row.cells) + 1}">{_explained(metric)}</td></tr>'
    )


def _explained(metric: Metric) -> str:
    return (
        f"<p>{escape(metric.explanation)}</p>"
        f'<p class="how">{escape(metric.method)}{" " + escape(metric.footnote) if metric.footnote else ""}</p>'
        f'<div class="command"><code>{escape(metric.command)}</code><button type="button" class="copy" '
        f'aria-label="Copy the command for {escape(metric.title)}">copy</button></div>'
    )


def _cell(metric: Metric, cell: Cell) -> str:
    if isinstance(cell, Missing):
        return '<span class="missing" title="' + escape(cell.reason) + '">not measured</span>'
    middle, _, spread = written(metric, cell).partition("\n")
    return escape(middle) + (f"<small>{escape(spread)}</small>" if spread else "")


def _holes(table: Table) -> str:
    return "".join(f'<p class="lead">Not measured: {escape(reason)}.</p>' for reason in table.missing())


def when(made: str) -> str:
    """'2030-01-02T03:04:05+00:00' → '2030-01-02 03:04 UTC'"""
    try:
        return datetime.fromisoformat(made).strftime("%Y-%m-%d %H:%M %Z").rstrip()
    except ValueError:
        return made


def _conditions(report: Report) -> str:
    machine, conditions = report.machine, report.conditions
    quick = " A quick run: enough to see that all works, not enough for figures." if conditions.quick else ""
    return (
        f"Measured {when(report.made)} in {report.seconds:.0f} s on {machine.kernel}, {machine.cpus} × {machine.cpu}, "
        f"with build/{conditions.preset}: {conditions.command}.{quick}"
    )
