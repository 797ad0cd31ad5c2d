"""Reads bug cards: labs/*/bugs/*.patch, and the traces that were recorded of them."""

from __future__ import annotations

import re
from pathlib import Path

from muxlab.report.model import Card, Json
from muxlab.report.storage import load_trace

_FIELD = re.compile(r"^([A-Z][A-Za-z ]*): ?(.*)$")


def parse_card(lab: str, name: str, text: str) -> Card:
    """The card ends where the patch begins; a line that is set in goes on with the field above it."""
    head, mark, patch = text.partition("diff --git ")
    fields: dict[str, str] = {}
    current = ""
    for line in head.splitlines():
        if found := _FIELD.match(line):
            current = found[1]
            fields[current] = found[2].strip()
        elif line.strip() and current:
            fields[current] = f"{fields[current]} {line.strip()}".strip()
    return Card(lab, name, fields, mark + patch)


def load_cards(labs: Path, traces: Path) -> list[Card]:
    """`labs` is the folder of the labs; recorded traces are TRACES/LAB.NAME.broken.json and .fixed.json."""
    cards = []
    for path in sorted(labs.glob("*/bugs/*.patch")):
        card = parse_card(path.parts[-3], path.stem, path.read_text(encoding="utf-8", errors="replace"))
        both = [_recorded(traces / f"{card.lab}.{card.name}.{which}.json") for which in ("broken", "fixed")]
        if all(both):
            card = Card(card.lab, card.name, card.fields, card.diff, *both)
        cards.append(card)
    return cards


def _recorded(path: Path) -> Json | None:
    return load_trace(path) if path.is_file() else None
