"""The bug cards as HTML, by lab; the traces that were recorded of them are stepped through by assets/pitfalls.js."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from muxlab.project import LABS
from muxlab.report.model import Card

SHOWN = ("Watch it", "Scenario", "Fix", "Caught by")  # below the traces; what happens stands above them
_TITLES = {lab.folder: f"{lab.number} {lab.title}" for lab in LABS}


def pitfalls(cards: Sequence[Card]) -> str:
    parts = []
    # In each lab first those that there is something to watch of: between a hundred others nobody would find them.
    ordered = sorted(cards, key=lambda card: (card.lab, card.broken is None, card.name))
    for lab, some in groupby(ordered, key=lambda card: card.lab):
        inside = "".join(_card(card) for card in some)
        parts.append(f'<div class="lab-bugs"><h3>{escape(_TITLES.get(lab, lab))}</h3>{inside}</div>')
    return _hint(cards) + "".join(parts)


def _hint(cards: Sequence[Card]) -> str:
    """How to record some of them, if nobody has."""
    if any(card.broken for card in cards) or not any(card.fields.get("Scenario") for card in cards):
        return ""
    return (
        '<p class="absent">None is recorded yet: <code>./muxlab compare</code> without <code>--quick</code> records '
        "some ten, and <code>./muxlab bug watch --typical</code> these alone.</p>"
    )


def anchor(lab: str, name: str) -> str:
    """What stands behind the # in the page's address to open it at this card. `lab` is the lab's folder."""
    return f"bug-{lab}-{name}"


def _card(card: Card) -> str:
    recorded = card.broken is not None and card.fixed is not None
    name = f"{card.lab}-{card.name}"
    data = f' data-broken="{name}-broken" data-fixed="{name}-fixed"' if recorded else ""
    fields = "".join(
        f"<div><dt>{escape(field)}</dt><dd>{escape(card.fields[field])}</dd></div>"
        for field in SHOWN
        if card.fields.get(field)
    )
    note = "" if recorded else f"<div><dt>Trace</dt><dd>{_how_to_record(card)}</dd></div>"
    return (
        f'<details class="pitfall" id="{anchor(card.lab, card.name)}" data-title="{escape(card.title)}"{data}>'
        f"<summary><span>{escape(card.title)}</span>"
        f"{'<span class=recorded>recorded</span>' if recorded else ''}<code>{escape(card.name)}</code></summary>"
        f'<p class="happens">{escape(card.fields.get("What happens", ""))}</p>'
        f'<div class="stage"></div><div class="card"><dl>{fields}{note}</dl>'
        f'<pre tabindex="0" role="region" aria-label="The patch: {escape(card.title)}">{_diff(card.diff)}</pre>'
        "</div></details>"
    )


def _how_to_record(card: Card) -> str:
    """A mistake that no trace shows is provoked by a graded test."""
    name = f"{card.lab[:2]}.{card.name}"
    if card.fields.get("Scenario"):
        return f"None is recorded yet: <code>{escape(f'./muxlab bug watch {name}')}</code>"
    why = escape(card.fields.get("No trace", "No scenario shows it."))
    return f"{why} A test provokes it: <code>{escape(f'./muxlab bug run {name}')}</code>"


def _diff(text: str) -> str:
    lines = []
    for line in text.rstrip("\n").splitlines():
        if line.startswith(("diff --git", "index ", "---")):
            continue
        if line.startswith("+++ b/"):
            lines.append(f'<span class="hunk">{escape(line[6:])}</span>')
            continue
        kind = {"-": "minus", "+": "plus", "@": "hunk"}.get(line[:1], "")
        lines.append(f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line))
    return "\n".join(lines)
