"""Rows of ./muxlab compare's table on a slide, from the JSON file that it wrote."""

from __future__ import annotations

from collections.abc import Sequence

from muxlab.compare.model import Report
from muxlab.compare.render import written
from muxlab.compare.storage import load
from muxlab.errors import MuxlabError
from muxlab.project import Project
from muxlab.slides.phrases import IN_ENGLISH, Phrases


def compared_table(
    project: Project, name: str, rows: Sequence[str], column: str, flat: bool, words: Phrases = IN_ENGLISH
) -> str:
    """The table called `name`: these rows, by their ids, with one column marked, by its id or a lab's number.

    `flat` puts the group's name before each title, and so does without a line for it.
    """
    report = _report(project)
    table = next((one for one in report.tables if one.id == name), None)
    if table is None:
        raise MuxlabError(f"slides/data/compare.json has no table '{name}'")
    lacking = [wanted for wanted in rows if wanted not in [row.metric.id for row in table.rows]]
    if lacking:
        known = ", ".join(row.metric.id for row in table.rows)
        raise MuxlabError(f"slides/data/compare.json has no row '{lacking[0]}': choose {known}")
    marks = [' class="mark"' if column in (one.id, one.id[:2]) else "" for one in table.columns]
    head = "".join(f"<th{mark}>{words.html(one.title)}</th>" for one, mark in zip(table.columns, marks, strict=True))
    lines, group = [], ""
    for row in table.rows:
        if rows and row.metric.id not in rows:
            continue
        if row.metric.group != group and not flat:
            group = row.metric.group
            lines.append(f'<tr class="group"><td>{words.html(group)}</td>{"<td></td>" * len(marks)}</tr>')
        cells = [words.html(written(row.metric, cell).partition("\n")[0]) for cell in row.cells]
        shown = "".join(f"<td{mark}>{cell}</td>" for cell, mark in zip(cells, marks, strict=True))
        title = words.html(row.metric.title)
        if flat:
            colon = ", " if ":" in row.metric.group else ": "
            title = words.html(row.metric.group) + words.of(colon) + title
        told = row.metric.unit in f"{row.metric.group} {row.metric.title}".lower()
        unit = "" if told else f" <small>{words.html(row.metric.unit)}</small>"
        lines.append(f"<tr><td>{title}{unit}</td>{shown}</tr>")
    machine = report.machine
    where = f"{machine.kernel}, {machine.cpus} × {machine.cpu}; build/{report.conditions.preset}"
    kind = "compared flat" if flat else "compared"
    return (
        f'<table class="{kind}"><tr><th></th>{head}</tr>{"".join(lines)}</table>'
        f'<p class="source"><code>./muxlab compare</code>{words.of(" on ")}{where}</p>'
    )


def _report(project: Project) -> Report:
    path = project.root / "slides" / "data" / "compare.json"
    if not path.is_file():
        raise MuxlabError("slides/data/compare.json does not exist: slides/data/record.sh makes it")
    return load(path)
