"""docs/graded_tests.md: what it says about pitfalls and cards is so."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from muxlab.bugs.card import cards
from muxlab.grading.crew import Catalogue, Crew
from muxlab.project import Project

PROJECT = Project.here()
PAGE = (PROJECT.root / "docs" / "graded_tests.md").read_text()
ROW = re.compile(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| (\d\d(?:, \d\d)*) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    with Crew(PROJECT, "", 1) as crew:
        yield crew.catalogue()


def labs_with_a_card() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for card in cards(PROJECT):
        found.setdefault(card.pitfall, set()).add(card.lab)
    return found


def test_every_pitfall_that_a_test_names_has_a_card_and_every_card_a_test(catalogue: Catalogue) -> None:
    assert {pitfall for test in catalogue.tests for pitfall in test.pitfalls} == labs_with_a_card().keys()


def test_where_it_says_that_there_is_no_card_there_is_none_but_one_elsewhere() -> None:
    rows = ROW.findall(PAGE.split("## Bug cards, and what has none")[1])
    assert len(rows) >= 8
    for names, labs in rows:
        for pitfall in re.findall(r"[a-z-]+", names):
            with_card = labs_with_a_card()[pitfall]
            assert with_card, pitfall
            assert not with_card & set(labs.split(", ")), pitfall


def test_the_sections_that_its_list_of_contents_names_exist() -> None:
    for anchor in re.findall(r"\]\(#([a-z-]+)\)", PAGE):
        titles = [re.sub(r"[^a-z -]", "", title.lower()) for title in re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE)]
        assert anchor in [title.replace(" ", "-") for title in titles]


def test_the_tests_that_it_takes_as_examples_exist(catalogue: Catalogue) -> None:
    known = {test.id for test in catalogue.tests}
    for name in re.findall(r"[`\"](0\d\.[a-z-]+)[`\"]", PAGE):
        assert name in known or name == "02.silent-client", name
