"""The graded suite itself: what must hold for all its tests, however many there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from muxlab.grading.crew import Catalogue, Crew
from muxlab.grading.hints import Hints
from muxlab.grading.points import PER_LAB, shares
from muxlab.grading.results import Test
from muxlab.grading.tell import WITH_SANITIZER
from muxlab.project import SERVERS, Project


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    """Loading it is a test in itself: no name twice, every file in order."""
    with Crew(Project.here(), "", 1) as crew:
        yield crew.catalogue()


def of_lab(catalogue: Catalogue, number: str) -> list[Test]:
    return [test for test in catalogue.tests if test.lab == number]


@pytest.mark.parametrize("number", [lab.number for lab in SERVERS])
def test_each_lab_is_worth_a_hundred_points(catalogue: Catalogue, number: str) -> None:
    points = shares({test.id: test.weight for test in of_lab(catalogue, number)})
    assert sum(points.values()) == PER_LAB
    assert min(points.values()) > 0


def test_every_test_has_three_hints_and_no_hint_lacks_its_test(catalogue: Catalogue) -> None:
    assert Hints.load(Project.here()).faults(test.id for test in catalogue.tests) == []


def test_every_lab_has_the_test_to_which_the_report_of_a_crash_leads(catalogue: Catalogue) -> None:
    assert {f"{lab.number}.{WITH_SANITIZER}" for lab in SERVERS} <= {test.id for test in catalogue.tests}


def test_every_title_is_a_short_sentence(catalogue: Catalogue) -> None:
    for test in catalogue.tests:
        assert 10 <= len(test.title) <= 100, test.id
        assert not test.title.endswith("."), test.id


def test_titles_tell_tests_apart(catalogue: Catalogue) -> None:
    for lab in SERVERS:
        titles = [test.title for test in of_lab(catalogue, lab.number)]
        assert sorted(titles) == sorted(set(titles))


def test_every_pitfall_that_a_test_catches_is_spelt_like_one(catalogue: Catalogue) -> None:
    for test in catalogue.tests:
        for pitfall in test.pitfalls:
            assert pitfall == pitfall.lower().replace("_", "-").strip(), test.id
