"""The labs' README.md are the assignment sheets: what they promise must be what the graded suite gives."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from muxlab.bugs.card import cards
from muxlab.grading.crew import Catalogue, Crew
from muxlab.handout.settings import read_exercise
from muxlab.project import SERVERS, Lab, Project
from sheet_points import points_table

PROJECT = Project.here()
WAY_OUT = "the table of points is out of date: .venv/bin/python tests/tools/sheet_points.py writes it anew"
SECTIONS = (
    "Idea",
    "Read in this order",
    "The diff",
    "Run it",
    "Your task",
    "Break it",
    "Questions to answer before running",
    "Points",
)

each_lab = pytest.mark.parametrize("lab", SERVERS, ids=lambda lab: lab.folder)


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    with Crew(PROJECT, "", 1) as crew:
        yield crew.catalogue()


def sheet(lab: Lab) -> str:
    return (PROJECT.folder(lab) / "README.md").read_text()


def section(lab: Lab, title: str) -> str:
    return sheet(lab).split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


@each_lab
def test_all_sheets_have_the_same_sections(lab: Lab) -> None:
    assert tuple(re.findall(r"^## (.+)$", sheet(lab), re.MULTILINE)) == SECTIONS


@each_lab
def test_the_task_names_the_functions_that_are_handed_out_empty(lab: Lab) -> None:
    exercise = read_exercise(PROJECT, lab)
    wanted = [name for names in exercise.functions.values() for name in names]
    named = re.findall(r"`(\w+(?:::\w+)+)`", section(lab, "Your task"))
    assert sorted(set(named)) == sorted(wanted)


@each_lab
def test_each_of_the_three_edits_is_a_bug_card_and_its_test_is_the_one_that_catches_it(lab: Lab) -> None:
    """Whether it really does is told by `./muxlab bug matrix`, for all cards."""
    edits = re.split(r"^\d\. ", section(lab, "Break it"), flags=re.MULTILINE)[1:]
    assert len(edits) == 3
    caught = {test for card in cards(PROJECT) if card.lab == lab.number for test in card.caught_by}
    for edit in edits:
        command = re.search(r"^   `\./muxlab grade (\d\d) -k ([\w-]+)`$", edit, re.MULTILINE)
        assert command is not None, edit
        assert f"{command[1]}.{command[2]}" in caught


@each_lab
def test_the_points_are_those_that_the_suite_gives(lab: Lab, catalogue: Catalogue) -> None:
    assert sheet(lab).endswith("\n\n" + points_table(catalogue.tests, lab)), WAY_OUT
