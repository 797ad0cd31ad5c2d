"""Every bug card that can be watched: its scenario shows the mistake, and the page pauses where it goes wrong."""

from __future__ import annotations

import pytest
import tomli

from moments import FILE, PROJECT, build, observed
from muxlab.bugs.card import Card, cards, find_card
from trace_stage import lab_program, needs_strace

MOMENTS = tomli.loads(FILE.read_text())
WATCHED = [card for card in cards(PROJECT) if card.scenario]
QUICK = ("01.no-cloexec", "02.compaction-skips-entry", "03.eagain-fatal", "05.callback-under-lock")
"""One for each way to bring about what no client can: another flag, a server that is held, robbed, or a loop alone."""


def goes_wrong_as_told(card: Card) -> None:
    needs_strace()
    broken, fixed = observed(card)
    assert {"broken": broken, "fixed": fixed} == MOMENTS[card.id]


def test_each_has_its_moment() -> None:
    assert sorted(MOMENTS) == sorted(card.id for card in WATCHED)
    for moment in MOMENTS.values():
        assert moment["broken"] != moment["fixed"]


@pytest.mark.parametrize("name", QUICK)
def test_what_goes_wrong_is_seen(name: str) -> None:
    card = find_card(PROJECT, name)
    lab_program(card.lab)
    build([card])
    goes_wrong_as_told(card)


@pytest.fixture(scope="module")
def built() -> None:
    build(WATCHED)


@pytest.mark.ci
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("card", [card for card in WATCHED if card.id not in QUICK], ids=lambda card: card.id)
def test_what_goes_wrong_is_seen_of_every_card(card: Card) -> None:
    goes_wrong_as_told(card)
