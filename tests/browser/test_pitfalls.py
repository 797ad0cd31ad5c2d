"""A pair of traces on a card: broken and fixed beside each other, paused where it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import made_up
from browser_stage import PATCH, Screen, Visit
from muxlab.report.cards import parse_card
from muxlab.report.model import Contents
from muxlab.report.page import write

Open = Callable[..., Visit]
Pairs = Callable[[dict[str, Any]], Visit]
FILE = made_up.FILES["03"]
SPEAKS = 3  # the beat in which B sends 7 bytes


@pytest.fixture
def fixed() -> dict[str, Any]:
    return made_up.play("03", "two-clients")


@pytest.fixture
def opened(visit: Open, fixed: dict[str, Any], tmp_path: Path) -> Pairs:
    """A page with one card, opened at it."""

    def show(broken: dict[str, Any], screen: Screen = Screen.LAPTOP) -> Visit:
        card = replace(parse_card("03_epoll_lt", "some-card", PATCH), broken=broken, fixed=fixed)
        write(Contents(traces=made_up.everything(), cards=[card]), tmp_path / "index.html")
        seen = visit(screen, (tmp_path / "index.html").as_uri() + "#bug-03_epoll_lt-some-card")
        seen.page.locator(".pitfall article.server").nth(1).wait_for()
        return seen

    return show


def says(seen: Visit) -> list[str]:
    return seen.page.locator(".pitfall .now").all_inner_texts()


def moment(seen: Visit) -> str:
    return seen.page.locator(".pitfall .moment[aria-current]").inner_text()


def first(trace: dict[str, Any], beat: int, kind: str = "wait_return") -> int:
    return next(i for i, step in enumerate(trace["steps"]) if step["beat"] == beat and step["kind"] == kind)


def deaf(beat: int) -> dict[str, Any]:
    """It does nothing at all in one beat."""
    trace = made_up.play("03", "two-clients")
    at = first(trace, beat)
    trace["steps"] = [step for step in trace["steps"] if step["beat"] != beat]
    trace["wrong"] = {"step": at, "fixed": at, "beat": beat}
    return trace


def test_a_server_that_is_not_told_sleeps_on_while_the_other_one_is(opened: Pairs) -> None:
    seen = opened(deaf(SPEAKS))
    assert moment(seen) == "B sends 7 bytes"
    assert says(seen) == ["asks epoll_wait, and sleeps", "told of fd 9"]


def test_a_server_that_does_nothing_more_is_shown_where_the_other_one_goes_on(opened: Pairs) -> None:
    broken = deaf(SPEAKS)
    broken["steps"] = broken["steps"][: broken["wrong"]["step"]]
    broken["wrong"]["step"] = None
    seen = opened(broken)
    assert moment(seen) == "B sends 7 bytes"
    assert says(seen) == ["asks epoll_wait, and sleeps", "told of fd 9"]


def test_a_call_that_does_not_return_is_shown_where_it_began(opened: Pairs) -> None:
    broken = made_up.play("03", "two-clients")
    at = first(broken, SPEAKS, "recv")
    call = broken["steps"][at]
    end = 100.0  # long after all that the clients do
    broken["steps"] = [
        *broken["steps"][:at],
        call | {"t": end, "seconds": end - call["t"], "beat": 6, "bytes": None, "errno": "EINTR"},
    ]
    broken["wrong"] = {"step": at, "fixed": at, "beat": SPEAKS}
    seen = opened(broken)
    assert moment(seen) == "B sends 7 bytes"
    assert says(seen) == ["fd 9 B: recv does not return: it waits in there", "fd 9 B: receives 7 bytes"]
    assert seen.page.locator(".pitfall .server header .badge").first.inner_text() == "asleep in recv"
    lit = seen.page.locator(".pitfall .code .lit")
    assert lit.count() == 2
    assert lit.first.inner_text() == lit.last.inner_text()


def test_what_happens_stands_above_and_what_came_of_it_beside_the_place(opened: Pairs, fixed: dict[str, Any]) -> None:
    broken = deaf(SPEAKS)
    for trace, got in ((broken, "B receives nothing, where 7 bytes had been sent"), (fixed, "B receives 7 bytes")):
        told = {"client": "B", "action": "receives", "bytes": 0, "text": got, "beat": 4}
        trace["clients"].append(told | {"i": len(trace["clients"]), "t": trace["clients"][-1]["t"]})
    seen = opened(broken)
    happens = seen.page.locator(".pitfall .happens")
    assert happens.inner_text() == "One edge, one read; the rest waits for an edge that never comes."
    over, under = happens.bounding_box(), seen.page.locator(".pitfall .transport").bounding_box()
    assert over is not None
    assert under is not None
    assert over["y"] + over["height"] <= under["y"]
    assert (
        seen.page.locator(".pitfall .found").inner_text()
        == "What comes of it: B receives nothing, where 7 bytes had been sent."
    )


@pytest.mark.parametrize("screen", [Screen.LAPTOP])
def test_both_lit_lines_are_on_the_screen(opened: Callable[..., Visit], screen: Screen) -> None:
    seen = opened(deaf(SPEAKS), screen)
    for line in seen.page.locator(".pitfall .code .lit").all():
        box = line.bounding_box()
        assert box is not None
        assert 0 < box["y"] < screen.value[1] - box["height"]


def test_who_has_stepped_on_finds_the_way_back(opened: Pairs) -> None:
    seen = opened(deaf(SPEAKS))
    flag = seen.page.locator(".flag")
    assert flag.inner_text() == "Here it goes wrong"
    there = says(seen)
    flag.focus()
    seen.press("ArrowRight", "ArrowRight")
    assert says(seen) != there
    assert flag.inner_text().startswith("Back to where it goes wrong: step ")
    seen.press("Enter")
    assert says(seen) == there
    assert flag.get_attribute("aria-pressed") == "true"


def test_the_lines_that_hold_the_mistake_are_marked_in_both(opened: Pairs) -> None:
    broken = deaf(SPEAKS)
    text = broken["sources"][FILE]
    broken["sources"] = {FILE: text.replace("kMaxEvents,", "1,")}
    assert broken["sources"][FILE] != text
    seen = opened(broken)
    ours, theirs = seen.page.locator(".pitfall .code").all()
    assert "1," in ours.locator("li.changed").first.inner_text()
    assert "kMaxEvents," in theirs.locator("li.changed").first.inner_text()
    assert ours.locator("li.changed").count() == theirs.locator("li.changed").count()


def test_what_is_noted_of_the_server_is_told_as_it_stands(opened: Pairs) -> None:
    broken = deaf(SPEAKS)
    end = broken["clients"][-1]
    for text in ("the server is told to stop: SIGTERM", "it did not stop, and was ended with SIGKILL"):
        broken["clients"].append(end | {"client": "", "action": "note", "bytes": None, "text": text, "beat": 7})
    seen = opened(broken)
    assert (
        seen.page.locator(".pitfall .moment").last.inner_text()
        == "the server is told to stop: SIGTERM; it did not stop, and was ended with SIGKILL"
    )
