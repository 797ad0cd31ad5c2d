"""`./muxlab bug watch`: the same clients at a lab with a card's mistake in it, and at the lab as it should be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from muxlab.bugs.card import Card, typical_cards
from muxlab.bugs.mutant import build_mutant, prepare
from muxlab.bugs.part import Parting, where_it_goes_wrong
from muxlab.errors import MuxlabError
from muxlab.project import Lab, Project, find_lab
from muxlab.report.storage import Store, save_bug
from muxlab.scenarios.catalogue import Scenario, find_scenario
from muxlab.trace.command import record_lab
from muxlab.trace.model import Trace
from muxlab.trace.storage import as_json

STOPS_SOON = 5.0  # seconds: many of these servers do not stop at all
KEPT = 300  # steps after the two have parted: a server that spins makes thousands, all alike


@dataclass(frozen=True)
class Pair:
    card: Card
    scenario: Scenario
    broken: Trace
    fixed: Trace
    parting: Parting | None
    """Where it goes wrong. None: the scenario has not shown the mistake, this time."""


def scenario_of(card: Card) -> Scenario:
    """Raises MuxlabError if none of the scenarios shows this mistake."""
    if card.scenario:
        return find_scenario(card.scenario)
    shows = f"{' and '.join(card.caught_by)} does: ./muxlab bug run {card.id}"
    if card.no_trace:
        raise MuxlabError(f"no trace shows {card.id}: {card.no_trace} {shows}")
    raise MuxlabError(f"no scenario shows {card.id}, but {shows}")


def prepare_pairs(project: Project, cards: Sequence[Card]) -> None:
    """Brings up to date what record_pair() needs, in one go."""
    prepare(project, cards, *filter(None, {scenario_of(card).program for card in cards}))


def record_pair(project: Project, card: Card, tell: Callable[[str], None] = lambda text: None) -> Pair:
    """What it is made from must be up to date: prepare_pairs()."""
    broken = record_broken(project, card, tell)
    fixed = record_fixed(project, card, tell)
    return Pair(card, scenario_of(card), broken, fixed, where_it_goes_wrong(broken, fixed, card.beat))


def record_broken(project: Project, card: Card, tell: Callable[[str], None] = lambda text: None) -> Trace:
    scenario, lab = scenario_of(card), find_lab(card.lab)
    tell(f"building {card.id}")
    program = build_mutant(project, card, scenario.program).program
    tell(f"recording {scenario.id} in {lab.folder} with {card.name}")
    trace = record_lab(project, lab, scenario, program, STOPS_SOON, broken=True)
    return as_if_in_place(trace, source_folder(card))


def record_fixed(project: Project, card: Card, tell: Callable[[str], None] = lambda text: None) -> Trace:
    scenario, lab = scenario_of(card), find_lab(card.lab)
    tell(f"recording {scenario.id} in {lab.folder}")
    return record_lab(project, lab, scenario, project.binary(lab, card.preset))


def save_pair(store: Store, pair: Pair) -> None:
    """For the page, which pauses where the two part."""
    broken: dict[str, Any] = as_json(_shortened(pair.broken, pair.parting.broken if pair.parting else None))
    if pair.parting is not None:
        at = pair.parting
        broken["wrong"] = {"step": at.broken, "fixed": at.fixed, "beat": at.beat}
    save_bug(store, find_lab(pair.card.lab).folder, pair.card.name, broken, as_json(pair.fixed))


def record_typical(project: Project, labs: Sequence[Lab], store: Store, tell: Callable[[str], None]) -> list[str]:
    """A few pairs of these labs, for the page. Returns what went wrong, one line each."""
    chosen = [card for card in typical_cards(project) if find_lab(card.lab) in labs]
    try:
        prepare_pairs(project, chosen)
    except MuxlabError as error:
        return [str(error)]
    failures = []
    for card in chosen:
        try:
            save_pair(store, record_pair(project, card, tell))
        except MuxlabError as error:
            failures.append(f"{card.id}: {error}")
    return failures


def source_folder(card: Card) -> Path:
    """Where the changed sources lie, inside the project."""
    return Path("build", "bugs", card.id, "source")


def as_if_in_place(trace: Trace, folder: Path) -> Trace:
    """The changed files are compiled from copies: for whoever reads the trace they are the lab's."""

    def named(file: str) -> str:
        return file.removeprefix(f"{folder}/")

    steps = tuple(
        replace(step, stack=tuple(replace(frame, file=named(frame.file)) for frame in step.stack))
        for step in trace.steps
    )
    return replace(trace, steps=steps, sources={named(file): text for file, text in trace.sources.items()})


def _shortened(trace: Trace, after: int | None) -> Trace:
    kept = (after or 0) + KEPT
    left = len(trace.steps) - kept
    if after is None or left <= 0:
        return trace
    reasons = [reason for reason in trace.omitted if not reason.startswith("cut after")]
    return replace(
        trace, steps=trace.steps[:kept], omitted=(*reasons, f"cut after {kept:,} steps: it goes on like that")
    )
