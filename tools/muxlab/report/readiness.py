"""The readiness matrix of lab 00 as HTML: one cell for each state and question."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from muxlab.report.model import Json

COLUMNS: Mapping[str, str] = {
    "select": "select",
    "poll": "poll",
    "epoll_lt_first": "epoll LT, first",
    "epoll_lt_again": "LT, again",
    "epoll_et_first": "epoll ET, first",
    "epoll_et_again": "ET, again",
}
UNASKED = frozenset({"ERR", "HUP", "NVAL"})


def matrix(data: Json) -> str:
    columns = list(data["columns"])
    heads = "".join(f'<th scope="col" role="columnheader">{escape(COLUMNS.get(name, name))}</th>' for name in columns)
    body, group = "", ""
    for state in data["states"]:
        if state["group"] != group:
            group = state["group"]
            body += (
                f'<tr class="group" role="row"><th role="rowheader" scope="colgroup" colspan="{len(columns) + 1}">'
                f"{escape(group)}</th></tr>"
            )
        body += _row(state, columns)
    return (
        '<div class="matrix-box"><div class="scroll"><table class="matrix" role="grid" aria-describedby="matrix-note" '
        'aria-label="Readiness: states and mechanisms. Arrow keys move from cell to cell.">'
        f'<thead><tr role="row"><th scope="col" role="columnheader">State</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
        '<p id="matrix-note" aria-live="polite">Point at a cell, or move there with Tab and the arrow keys: here '
        "stands why it says what it says.</p></div>"
    )


def _row(state: Json, columns: list[str]) -> str:
    cells = "".join(_cell(state, name) for name in columns)
    title, why = escape(state["title"]), escape(state["why"])
    head = f'<th scope="row" role="rowheader">{title}</th>'
    return f'<tr role="row" data-title="{title}" data-why="{why}">{head}{cells}</tr>'


def _cell(state: Json, column: str) -> str:
    answer = state["answers"][column]
    names = [answer["error"]] if answer["error"] else list(answer["bits"])
    shown = "".join(f'<span class="bit {_kind(answer, name)}">{escape(name)}</span>' for name in names)
    says = " ".join(names) or "silence: this wait would sleep"
    nothing = '<span class="silence">–<span class="unseen">silence</span></span>'
    told = f'data-column="{escape(COLUMNS.get(column, column))}" data-says="{escape(says)}."'
    return f'<td role="gridcell" tabindex="-1" {told}>{shown or nothing}</td>'


def _kind(answer: Json, name: str) -> str:
    if answer["error"]:
        return "refused"
    return "unasked" if name in UNASKED else "told"
