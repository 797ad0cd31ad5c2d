"""Bug cards: what is read from their files, and how a card is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from bugs_stage import HEAD, ONCE, Workshop
from muxlab.bugs.card import cards, find_card
from muxlab.bugs.patch import apply_card, hunks
from muxlab.errors import MuxlabError


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "a project")


def test_a_card_is_what_stands_above_the_patch(workshop: Workshop) -> None:
    card = workshop.card("wrong-turn", ONCE, HEAD + "Build it: asan -O2 -DX=1\n")
    assert (card.id, card.name, card.lab) == ("01.wrong-turn", "wrong-turn", "01")
    assert card.what_happens == "a text that does not fit on one line, and so has another."
    assert card.caught_by == ("01.two-words",)
    assert (card.preset, card.flags) == ("asan", ("-O2", "-DX=1"))
    assert card.diff == ONCE
    assert card.files == ["labs/01_select/select_server.cpp"]


def test_the_scenario_that_shows_it_need_not_be_named(workshop: Workshop) -> None:
    assert workshop.card("wrong-turn", ONCE).scenario == ""
    named = HEAD.replace("Fix:", "Scenario: ten-kilobytes\nFix:")
    assert workshop.card("wrong-turn", ONCE, named).scenario == "ten-kilobytes"


def test_a_scenario_may_matter_from_some_beat_on_only(workshop: Workshop) -> None:
    named = workshop.card("wrong-turn", ONCE, HEAD.replace("Fix:", "Scenario: ten-kilobytes, beat 3\nFix:"))
    assert (named.scenario, named.beat) == ("ten-kilobytes", 3)
    with pytest.raises(MuxlabError, match=r"should be the name of a scenario, or 'NAME, beat N'$"):
        workshop.card("wrong-turn", ONCE, HEAD.replace("Fix:", "Scenario: in beat 3\nFix:"))


def test_a_card_may_say_why_it_has_no_trace(workshop: Workshop) -> None:
    card = workshop.card("wrong-turn", ONCE, HEAD.replace("Fix:", "No trace: Nothing tells.\nFix:"))
    assert (card.scenario, card.no_trace) == ("", "Nothing tells.")


def test_it_may_be_caught_by_several_tests(workshop: Workshop) -> None:
    head = HEAD.replace("01.two-words", "01.two-words, 01.three-words")
    assert workshop.card("wrong-turn", ONCE, head).caught_by == ("01.two-words", "01.three-words")


@pytest.mark.parametrize(
    ("head", "complaint"),
    [
        (HEAD.replace("Fix: do it right\n", ""), "bad.patch does not say 'Fix: …' above its first hunk"),
        (HEAD.replace("Fix: do it right", "Fix:"), "bad.patch says nothing after 'Fix:'"),
        (HEAD + "Fix: do it twice\n", "bad.patch says 'Fix:' twice"),
        (HEAD + "Colour: red\n", "bad.patch says 'Colour:', which no card does: Title, Pitfall, What happens, "),
        (HEAD + "no field at all\n", "bad.patch: 'no field at all' should be 'Name: text', or begin with two blanks"),
    ],
)
def test_a_card_that_is_not_in_order(workshop: Workshop, head: str, complaint: str) -> None:
    with pytest.raises(MuxlabError, match=r"^bad\.patch") as caught:
        workshop.card("bad", ONCE, head)
    assert str(caught.value).startswith(complaint)


def test_a_card_without_a_patch(workshop: Workshop) -> None:
    with pytest.raises(MuxlabError, match=r"^bad\.patch holds no patch: it should be what git diff prints"):
        workshop.card("bad", "")


def test_cards_go_by_what_people_call_them(workshop: Workshop) -> None:
    workshop.card("one", ONCE)
    workshop.card("both", ONCE)
    workshop.card("both", ONCE, lab="04_epoll_et")
    assert [card.id for card in cards(workshop.project)] == ["01.both", "01.one", "04.both"]
    for name in ("one", "01.one", "1.one", "01/one", "01/one.patch", "labs/01_select/bugs/one.patch"):
        assert find_card(workshop.project, name).id == "01.one", name
    assert find_card(workshop.project, "04.both").lab == "04"


def test_a_name_that_does_not_tell_which(workshop: Workshop) -> None:
    workshop.card("both", ONCE)
    workshop.card("both", ONCE, lab="04_epoll_et")
    with pytest.raises(MuxlabError, match=r"^'both' is in several labs: say 01\.both or 04\.both$"):
        find_card(workshop.project, "both")


def test_a_name_that_no_card_has(workshop: Workshop) -> None:
    with pytest.raises(MuxlabError, match=r"^there are no bug cards in this project"):
        find_card(workshop.project, "et-single-read")
    workshop.card("et-single-read", ONCE)
    with pytest.raises(MuxlabError, match=r"^no bug card is called 'et-simple-read': did you mean et-single-read\?$"):
        find_card(workshop.project, "et-simple-read")
    with pytest.raises(MuxlabError, match=r"\./muxlab bug list names them all$"):
        find_card(workshop.project, "quite another")


def test_a_patch_is_applied_to_a_copy_though_a_repository_is_around_it(workshop: Workshop) -> None:
    (workshop.project.root / ".git").mkdir()
    card = workshop.card("wrong-turn", ONCE)
    before = workshop.read("labs/01_select/select_server.cpp")
    copies = apply_card(workshop.project, card, workshop.project.root / "build" / "copy")
    assert [copy.name for copy in copies] == ["select_server.cpp"]
    assert copies[0].read_text() == before.replace("return 2", "return 1")
    assert workshop.read("labs/01_select/select_server.cpp") == before


def test_a_patch_still_fits_when_lines_have_moved(workshop: Workshop) -> None:
    card = workshop.card("wrong-turn", ONCE)
    before = workshop.read("labs/01_select/select_server.cpp")
    workshop.write("labs/01_select/select_server.cpp", "// One more line.\n" * 7 + before)
    assert "return 1" in apply_card(workshop.project, card, workshop.project.root / "copy")[0].read_text()


def test_a_patch_that_no_longer_fits_names_the_function(workshop: Workshop) -> None:
    card = workshop.card("wrong-turn", ONCE)
    workshop.write("labs/01_select/select_server.cpp", "int times() {\n  return 3;\n}\n")
    with pytest.raises(MuxlabError) as caught:
        apply_card(workshop.project, card, workshop.project.root / "copy")
    where = "times in labs/01_select/select_server.cpp"
    assert str(caught.value) == f"01.wrong-turn no longer applies: {where} is not what the card was written for"


def test_a_patch_for_a_file_that_is_gone(workshop: Workshop) -> None:
    card = workshop.card("wrong-turn", ONCE)
    (workshop.project.root / "labs/01_select/select_server.cpp").unlink()
    with pytest.raises(MuxlabError, match=r"there is no labs/01_select/select_server\.cpp any more$"):
        apply_card(workshop.project, card, workshop.project.root / "copy")


def test_hunks_know_their_functions() -> None:
    diff = """--- a/labs/x.cpp
+++ b/labs/x.cpp
@@ -40,2 +40,2 @@ void EpollServer::serve(int fd) {
@@ -90 +90 @@ namespace lab03 {
"""
    assert [str(hunk) for hunk in hunks(diff)] == ["EpollServer::serve in labs/x.cpp", "line 90 of labs/x.cpp"]
