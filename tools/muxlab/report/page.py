"""Writes the page: everything inlined, so that it opens from a file, on any machine, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from muxlab.report import curves, measured, pitfalls, readiness, tables
from muxlab.report.bundle import bundle, in_script
from muxlab.report.model import Contents, Curve

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
STYLES = ("tokens", "page", "stepper", "mechanism", "tables", "print")
# One script, in this order: what is used comes before who uses it. No module loader works from file://.
SCRIPTS = (
    "dom",
    "theme",
    "data",
    "timeline",
    "state",
    "words",
    "draw_select",
    "draw_poll",
    "draw_epoll",
    "draw_loop",
    "source",
    "column",
    "stepper",
    "scenario",
    "table",
    "readiness",
    "pitfalls",
    "live",
    "main",
)
LIVE = '<meta name="muxlab-live" content="1">'

SECTIONS = {
    "side-by-side": "No scenario is recorded yet: ./muxlab compare records them all, where strace may trace.",
    "table": "Nothing is compared yet: ./muxlab compare measures all five servers.",
    "curves": "Nothing is measured yet: ./muxlab compare measures the first two points, ./muxlab bench the rest.",
    "readiness": "The matrix is not measured yet: ./muxlab run 00 prints it, ./muxlab compare puts it here.",
    "pitfalls": "There are no bug cards in this project: they stay with the instructor.",
}


def write(contents: Contents, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(contents), encoding="utf-8")


def page(contents: Contents) -> str:
    packed, data = bundle(contents)
    drawn = [*(measured.from_comparison(contents.comparison) if contents.comparison else ()), *contents.curves]
    template = Template((HERE / "template.html").read_text(encoding="utf-8"))
    return template.substitute(
        style=_join(STYLES, "css"),
        script=_join(SCRIPTS, "js"),
        data=in_script(data),
        traces="".join(
            f'<script type="text/plain" id="trace-{name}">{text}</script>\n' for name, text in packed.packed.items()
        ),
        side_by_side='<div id="side-by-side-stage"><h2 id="side-by-side-title" class="unseen">Side by side</h2></div>'
        + ("" if contents.traces or contents.offered else _absent(contents, "side-by-side")),
        table=tables.comparison(contents.comparison) if contents.comparison else _absent(contents, "table"),
        curves=_curves(contents, drawn),
        readiness=readiness.matrix(contents.readiness) if contents.readiness else _absent(contents, "readiness"),
        pitfalls=pitfalls.pitfalls(contents.cards) if contents.cards else _absent(contents, "pitfalls"),
        made=escape(_made(contents)),
    )


def _curves(contents: Contents, drawn: Sequence[Curve]) -> str:
    missing = measured.missing(drawn)
    rest = ""
    if drawn and missing:
        titles = "".join(f"<li>{escape(title)}</li>" for title in missing)
        rest = f'<div class="absent">Not measured yet; <code>./muxlab bench</code> measures:<ul>{titles}</ul></div>'
    return (f'<div class="charts">{curves.figures(drawn)}</div>{rest}') if drawn else _absent(contents, "curves")


def _absent(contents: Contents, section: str) -> str:
    return f'<p class="absent">{escape(contents.absent.get(section, SECTIONS[section]))}</p>'


def _made(contents: Contents) -> str:
    if contents.comparison:
        machine = contents.comparison.machine
        return f"Measured {tables.when(contents.comparison.made)} on {machine.kernel}, {machine.cpus} × {machine.cpu}."
    for trace in contents.traces:
        return f"Recorded on {trace['machine']['kernel']}, strace {trace['machine']['strace']}."
    return "Nothing is measured yet."


def _join(names: tuple[str, ...], end: str) -> str:
    return "\n".join((ASSETS / f"{name}.{end}").read_text(encoding="utf-8") for name in names)
