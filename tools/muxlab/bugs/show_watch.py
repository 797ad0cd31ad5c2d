"""What `./muxlab bug watch` prints: a few calls of the broken server and of the fixed one, from where they part."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from muxlab.bugs.card import find_card
from muxlab.bugs.part import Parting
from muxlab.bugs.watch import Pair, record_pair, save_pair, scenario_of
from muxlab.console import progress, say
from muxlab.project import Project, find_lab
from muxlab.report.command import gather, open_page, store_of
from muxlab.report.page import write
from muxlab.report.pitfalls import anchor
from muxlab.trace.listing import PLACE, place_of, told
from muxlab.trace.model import Step, Trace

BEFORE, AFTER = 2, 8  # steps around the place where the two part
MARK = "▸"


def watch_card(project: Project, name: str, open_it: bool) -> int:
    """0; 1 if the two did the same this time."""
    card = find_card(project, name)
    scenario_of(card)  # refuses before anything is built
    with progress(f"watching {card.id}") as tell:
        pair = record_pair(project, card, tell)
    store = store_of(project)
    save_pair(store, pair)
    write(gather(project, store), store.page)
    print_pair(Console(highlight=False), pair)
    address = f"{store.page.as_uri()}#{anchor(find_lab(card.lab).folder, card.name)}"
    if open_it:
        open_page(address)
    else:
        say(f"both beside each other, call by call: {address}")
    if pair.parting is None:
        say(f"this time the two did the same: try again, or ./muxlab bug run {card.id}")
    return 0 if pair.parting else 1


def print_pair(console: Console, pair: Pair) -> None:
    console.print(Text.assemble((f"{pair.card.id}: {pair.card.title}", "bold")), soft_wrap=True)
    console.print(Text(f"{pair.scenario.id}: {pair.scenario.what}", "dim"), soft_wrap=True)
    if pair.parting is None:
        return
    for line in listed(pair, pair.parting):
        console.print(line, soft_wrap=True)


def listed(pair: Pair, at: Parting) -> list[Text]:
    said = [one.text for one in pair.broken.clients if one.beat == at.beat]
    lines = [Text(), *(Text(f"● {text}", "bold cyan") for text in said)]
    lines += [Text(), Text("broken", "bold red"), *_around(pair.broken, at.broken, at.beat)]
    lines += [Text(), Text("fixed", "bold green"), *_around(pair.fixed, at.fixed, at.beat)]
    if found := findings(pair):
        lines += [Text(), *(Text(f"in the end, broken: {text}", "yellow") for text in found)]
    return lines


def findings(pair: Pair) -> list[str]:
    """What the clients of the broken server found, and those of the other did not."""
    usual = {one.text for one in pair.fixed.clients}
    return list(dict.fromkeys(one.text for one in pair.broken.clients if one.text not in usual))[:AFTER]


def _around(trace: Trace, at: int | None, beat: int) -> list[Text]:
    """A few steps of the thread in which they part."""
    if at is None:
        before = [step for step in trace.steps if step.beat <= beat][-BEFORE:]
        return [*map(_line, before), Text(f"{MARK} nothing more, until the clients do something else", "bold")]
    thread = [step for step in trace.steps if step.tid == trace.steps[at].tid]
    place = thread.index(trace.steps[at])
    lines = [*map(_line, thread[max(0, place - BEFORE) : place])]
    lines += [_line(step, first=number == 0) for number, step in enumerate(thread[place : place + AFTER])]
    if (more := len(thread) - place - AFTER) > 0:
        lines.append(Text(f"  … {more:,} more", "dim"))
    return lines


def _line(step: Step, first: bool = False) -> Text:
    text = Text(f"{MARK if first else ' '} ")
    text.append(f"{place_of(step.stack):<{PLACE}} ", "dim")
    text.append(told(step), "bold" if first else "red" if step.errno not in (None, "EAGAIN") else "")
    return text
