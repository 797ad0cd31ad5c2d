"""All bug cards of this project: each is in order, applies, and names a test that there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from muxlab.bugs.card import TYPICAL, Card, cards
from muxlab.bugs.patch import apply_card
from muxlab.grading.crew import Crew
from muxlab.grading.results import Test
from muxlab.project import Project
from muxlab.scenarios.catalogue import find_scenario

PROJECT = Project.here()
CARDS = cards(PROJECT)
LONGEST = 100  # columns of a card's text


@pytest.fixture(scope="module")
def tests() -> Iterator[dict[str, Test]]:
    with Crew(PROJECT, "", 1) as crew:
        yield {test.id: test for test in crew.catalogue().tests}


def test_there_are_as_many_as_promised() -> None:
    assert len(CARDS) >= 70


def test_each_can_be_watched_or_says_why_not() -> None:
    assert [card.id for card in CARDS if bool(card.scenario) == bool(card.no_trace)] == []
    assert sum(bool(card.no_trace) for card in CARDS) <= 5


@pytest.mark.parametrize("card", [card for card in CARDS if card.scenario], ids=lambda card: card.id)
def test_its_scenario_is_for_its_lab(card: Card) -> None:
    assert card.lab in find_scenario(card.scenario).labs


@pytest.mark.parametrize("card", [card for card in CARDS if card.no_trace], ids=lambda card: card.id)
def test_why_there_is_no_trace_is_one_sentence(card: Card) -> None:
    assert card.no_trace.endswith(".")


def test_the_typical_ones_exist() -> None:
    assert {*TYPICAL} <= {card.id for card in CARDS}


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_it_applies(card: Card, tmp_path: Path) -> None:
    apply_card(PROJECT, card, tmp_path)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_it_is_caught_by_a_test_of_its_lab_that_knows_its_pitfall(card: Card, tests: dict[str, Test]) -> None:
    for name in card.caught_by:
        assert name in tests, f"there is no test {name}"
        assert tests[name].lab == card.lab
        assert card.pitfall in tests[name].pitfalls


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_its_text_fits_on_a_page(card: Card) -> None:
    head = card.path.read_text().removesuffix(card.diff)
    assert max(map(len, head.splitlines())) <= LONGEST
