"""What `./muxlab bug watch` prints: a few calls of the broken server and of the fixed one, from where they part."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from muxlab.bugs.card import find_card, typical_cards
from muxlab.bugs.part import Parting
from muxlab.bugs.watch import Pair, prepare_pairs, record_pair, save_pair, scenario_of
from muxlab.console import progress, say
from muxlab.errors import MuxlabError
from muxlab.project import Project, find_lab
from muxlab.report.command import gather, open_page, store_of
from muxlab.report.page import write
from muxlab.report.pitfalls import anchor
from muxlab.trace.listing import PLACE, place_of, told
from muxlab.trace.model import Step, Trace

BEFORE, AFTER = 2, 8  # steps around the place where the two part
MARK = "▸"


def watch_cards(project: Project, names: Sequence[str], typical: bool, open_it: bool) -> int:
    """0; 1 if a broken server did what the fixed one does, this time."""
    chosen = [find_card(project, name) for name in names]
    for card in chosen:
        scenario_of(card)  # refuses before anything is built
    if typical:
        chosen += typical_cards(project)
    if not chosen:
        raise MuxlabError("name a card, or say --typical: ./muxlab bug watch et-single-read")
    prepare_pairs(project, chosen)
    store, console = store_of(project), Console(highlight=False)
    pairs = []
    for number, card in enumerate(chosen):
        with progress(f"watching {card.id}") as tell:
            pairs.append(record_pair(project, card, tell))
        save_pair(store, pairs[-1])
        if number:
            console.print()
        print_pair(console, pairs[-1])
    write(gather(project, store), store.page)
    address = f"{store.page.as_uri()}#{anchor(find_lab(chosen[0].lab).folder, chosen[0].name)}"
    if open_it:
        open_page(address)
    else:
        say(f"broken and fixed beside each other, call by call: {address}")
    same = [pair.card.id for pair in pairs if pair.parting is None]
    for name in same:
        say(f"{name}: this time the two did the same; ./muxlab bug run {name} provokes it")
    return 1 if same else 0


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
    exact = _alike(pair, at)
    lines += [Text(), Text("broken", "bold red"), *_around(pair.broken, at.broken, at.beat, exact)]
    lines += [Text(), Text("fixed", "bold green"), *_around(pair.fixed, at.fixed, at.beat, exact)]
    if found := findings(pair):
        lines += [Text(), *(Text(f"in the end, broken: {text}", "yellow") for text in found)]
    return lines


def findings(pair: Pair) -> list[str]:
    """What the clients of the broken server found, and those of the other did not."""
    usual = {one.text for one in pair.fixed.clients}
    return list(dict.fromkeys(one.text for one in pair.broken.clients if one.text not in usual))[:AFTER]


def _alike(pair: Pair, at: Parting) -> bool:
    """In words the two calls are the same: then what strace printed must tell them apart."""
    if at.broken is None or at.fixed is None:
        return False
    return told(pair.broken.steps[at.broken]) == told(pair.fixed.steps[at.fixed])


def _around(trace: Trace, at: int | None, beat: int, exact: bool) -> list[Text]:
    """A few steps of the thread in which they part."""
    if at is None:
        before = [step for step in trace.steps if step.beat <= beat]
        return [*map(_line, before[-BEFORE:]), Text(f"{MARK} nothing more", "bold")]
    thread = [step for step in trace.steps if step.tid == trace.steps[at].tid]
    place = thread.index(trace.steps[at])
    lines = [*map(_line, thread[max(0, place - BEFORE) : place])]
    for number, step in enumerate(thread[place : place + AFTER]):
        # What a client does next is why the server wakes again: without it an edge would seem to be told twice.
        lines += [Text(f"  ● {text}", "cyan") for text in _said_between(trace, beat, step.beat)]
        beat = max(beat, step.beat)
        lines.append(_line(step, number == 0, exact and number == 0))
    if (more := len(thread) - place - AFTER) > 0:
        lines.append(Text(f"  … {more:,} more", "dim"))
    return lines


def _said_between(trace: Trace, after: int, until: int) -> list[str]:
    return [one.text for one in trace.clients if after < one.beat <= until]


def _line(step: Step, first: bool = False, exact: bool = False) -> Text:
    text = Text(f"{MARK if first else ' '} ")
    text.append(f"{place_of(step.stack):<{PLACE}} ", "dim")
    text.append(
        step.line if exact else told(step), "bold" if first else "red" if step.errno not in (None, "EAGAIN") else ""
    )
    return text
