"""`./muxlab bug run`: builds a lab with a card's mistake in it, and grades it with the test that is to catch it."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from muxlab.bugs.card import Card, find_card
from muxlab.bugs.mutant import build_mutant, default_target, prepare
from muxlab.console import say
from muxlab.errors import MuxlabError
from muxlab.grading.grade import INSIDE, Grading, Program, Wishes
from muxlab.grading.grade_command import SEEDS
from muxlab.grading.hints import Hints
from muxlab.grading.programs import INSIDE as INSIDE_PROGRAM
from muxlab.grading.programs import INSTRUMENTS, tools
from muxlab.grading.report import TOLD, show_report
from muxlab.grading.results import Status, Test
from muxlab.language import language
from muxlab.project import Project, find_lab


def targets_for(card: Card, tests: Iterable[Test]) -> list[str]:
    """What must be built with the mistake in it, so that these tests can be run."""
    inside = any(test.file == INSIDE for test in tests)
    return [default_target(card), *([INSIDE_PROGRAM] if inside else [])]


def build_for(project: Project, card: Card, tests: Iterable[Test]) -> Program:
    """The reference must be up to date."""
    mutants = [build_mutant(project, card, target) for target in targets_for(card, tests)]
    again = f"./muxlab bug run {card.id}"
    return Program(find_lab(card.lab), mutants[0].program, tools(project, card.preset), again)


def run_card(project: Project, name: str, keyword: str, seed: int | None, full: bool) -> int:
    """Shows the report. 0: the mistake is caught, or the tests that were chosen have passed as they should; else 1."""
    card = find_card(project, name)
    chosen = keyword or " or ".join(test.partition(".")[2] for test in card.caught_by)
    wishes = Wishes(seed if seed is not None else secrets.randbelow(SEEDS), chosen, told=None if full else TOLD)
    lab = find_lab(card.lab)
    with Grading(project, wishes) as grading:
        tests = grading.tests_for([lab])
        own = {test.id for test in tests} & set(card.caught_by)
        if not keyword and len(own) < len(card.caught_by):
            raise MuxlabError(f"{card.id} names a test that there is not: {', '.join({*card.caught_by} - own)}")
        prepare(project, [card], *targets_for(card, tests)[1:], *INSTRUMENTS)
        report = dataclasses.replace(grading.grade([build_for(project, card, tests)]), preset=card.preset)
    Console(highlight=False).print(Text.assemble((f"{card.id}: {card.title}", "bold")), soft_wrap=True)
    show_report(report, Hints.load(project, language(None)), wishes.told)
    missed = [result for result in report.results() if result.test.id in own and result.status is not Status.FAILED]
    for result in missed:
        say(f"not caught: {result.test.id} should have failed, and is {result.status.value}")
    if own and not missed:
        say(f"caught, as it should be; ./muxlab bug show {card.id} tells what is wrong, and how to put it right")
    return 1 if missed else 0
