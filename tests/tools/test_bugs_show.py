"""./muxlab bug: what it prints."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bugs_stage import HEAD, ONCE, Workshop
from muxlab.bugs.matrix import HANDFUL, Row
from muxlab.bugs.show_matrix import print_row
from muxlab.grading.crew import Reply
from muxlab.grading.results import Status
from stage import Tree

CARD = f"{HEAD}\n{ONCE}"


def add_card(tree: Tree, name: str, text: str = CARD, lab: str = "01_select") -> None:
    tree.add_lab(lab, {f"bugs/{name}.patch": text})


def test_every_command_explains_itself(tree: Tree) -> None:
    for command in ([], ["list"], ["show"], ["run"], ["watch"], ["matrix"]):
        done = tree.run("bug", *command, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert f"Usage: {' '.join(['./muxlab', 'bug', *command])}" in done.stdout


def test_a_wrong_command_line(tree: Tree) -> None:
    done = tree.run("bug", "shw")
    assert done.returncode == 2
    assert done.stderr == "muxlab: No such command 'shw'. Did you mean 'show'?: see ./muxlab bug --help\n"


def test_a_list_of_cards(tree: Tree) -> None:
    add_card(tree, "one")
    add_card(tree, "two", lab="04_epoll_et")
    done = tree.run("bug", "list")
    assert done.returncode == 0
    assert [line.split()[:2] for line in done.stdout.splitlines() if "it goes wrong" in line] == [
        ["one", "01"],
        ["two", "04"],
    ]
    assert done.stdout.splitlines()[-1].startswith("2 cards; ")
    assert "one" not in tree.run("bug", "list", "04").stdout.split()


def test_no_cards_at_all(tree: Tree) -> None:
    for command in (["list"], ["show", "one"], ["watch", "one"], ["matrix"]):
        done = tree.run("bug", *command)
        assert done.returncode == 1
        assert done.stderr == "muxlab: there are no bug cards in this project: they stay with the instructor\n"


def test_a_card_is_shown_with_its_patch(tree: Tree) -> None:
    add_card(tree, "one")
    done = tree.run("bug", "show", "one")
    assert done.returncode == 0
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == "01.one  it goes wrong"
    for text in ("pitfall       wrong-turn", "caught by     01.two-words", "fix           do it right"):
        assert text in lines
    assert "-  return 2;" in lines
    assert "+  return 1;" in lines


def test_a_card_that_is_not_in_order_is_one_line(tree: Tree) -> None:
    add_card(tree, "one", CARD.replace("Fix: do it right\n", ""))
    done = tree.run("bug", "show", "one")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "muxlab: one.patch does not say 'Fix: …' above its first hunk\n"


@pytest.fixture
def workshop(tree: Tree) -> Workshop:
    return Workshop(tree.root)


def printed(row: Row) -> list[str]:
    out = io.StringIO()
    print_row(Console(file=out, width=200), row)
    return out.getvalue().splitlines()


def replies(**statuses: Status) -> dict[str, Reply]:
    return {f"01.{name.replace('_', '-')}": Reply(status) for name, status in statuses.items()}


def test_a_mistake_that_is_caught(workshop: Workshop) -> None:
    row = Row(workshop.card("one", ONCE), replies(two_words=Status.FAILED, other=Status.PASSED))
    assert (row.survives, row.others) == (False, [])
    assert printed(row) == ["01.one                           ✓ two-words"]


def test_a_mistake_that_other_tests_catch_as_well(workshop: Workshop) -> None:
    row = Row(workshop.card("one", ONCE), replies(z=Status.FAILED, two_words=Status.FAILED, a=Status.FAILED))
    assert row.others == ["01.a", "01.z"]
    assert printed(row)[1:] == ["    also: a, z"]
    assert not row.is_crude
    many = {f"t{number}": Status.FAILED for number in range(HANDFUL + 1)}
    assert Row(row.card, replies(two_words=Status.FAILED, **many)).is_crude


@pytest.mark.parametrize("status", [Status.PASSED, Status.BROKEN, Status.NOT_RUN])
def test_a_mistake_that_survives(workshop: Workshop, status: Status) -> None:
    row = Row(workshop.card("one", ONCE), replies(two_words=status, other=Status.FAILED))
    assert row.survives
    assert printed(row) == [
        "01.one                           ✗ two-words",
        f"    01.two-words: {status.value}",
        "    also: other",
    ]


def test_a_test_that_there_is_not(workshop: Workshop) -> None:
    row = Row(workshop.card("one", ONCE), {})
    assert row.survives
    assert printed(row)[1] == "    01.two-words: there is no such test"


def test_a_card_that_cannot_be_built(workshop: Workshop) -> None:
    row = Row(workshop.card("one", ONCE), {}, "01.one no longer applies: …\nerror: patch failed")
    assert row.survives
    assert printed(row)[1:] == ["    01.one no longer applies: …", "    error: patch failed"]
