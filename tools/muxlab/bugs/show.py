"""What `./muxlab bug list` and `./muxlab bug show` print: in colour on a terminal, plain elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from muxlab.bugs.card import Card, cards, find_card
from muxlab.errors import MuxlabError
from muxlab.project import Lab, Project
from muxlab.show_diff import STYLES

WIDTH = 100  # columns of a card's text, at most: longer lines are hard to read
WIDE = 200  # where no terminal says how wide it is, a card is one line


def list_cards(project: Project, lab: Lab | None = None) -> None:
    chosen = [card for card in cards(project) if lab is None or card.lab == lab.number]
    if not chosen:
        where = f"in labs/{lab.folder}" if lab else "in this project: they stay with the instructor"
        raise MuxlabError(f"there are no bug cards {where}")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("card", "lab", "what is wrong", "caught by"):
        table.add_column(column, overflow="fold", no_wrap=column != "what is wrong")
    for card in chosen:
        table.add_row(Text(card.name, "bold"), card.lab, Text(card.title), Text("\n".join(card.caught_by), "cyan"))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
    console.print(f"\n{len(chosen)} cards; ./muxlab bug show CARD, ./muxlab bug run CARD")


def show_card(project: Project, name: str) -> None:
    print_card(Console(highlight=False), find_card(project, name))


def print_card(console: Console, card: Card) -> None:
    console.print(Text.assemble((card.id, "bold"), "  ", (card.title, "bold")), soft_wrap=True)
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="cyan", no_wrap=True)
    facts.add_column(max_width=WIDTH)
    for name, text in (
        ("pitfall", card.pitfall),
        ("what happens", card.what_happens),
        ("caught by", ", ".join(card.caught_by)),
        ("watch it", card.watch_it),
        ("scenario", f"{card.scenario} (./muxlab bug watch {card.id})" if card.scenario else ""),
        ("no trace", card.no_trace),
        ("fix", card.fix),
    ):
        if not text:
            continue
        facts.add_row(name, Text(text))
    console.print(Padding(facts, (1, 0, 1, 0)))
    for line in card.diff.splitlines():
        if not line.startswith(("diff --git", "index ")):
            style = "bold" if line.startswith(("--- ", "+++ ")) else STYLES.get(line[:1], "")
            console.print(Text(line, style), soft_wrap=True)
