"""The stepper, driven as somebody would: with the mouse, with the keyboard, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import made_up
from browser_stage import Screen, Visit

Open = Callable[..., Visit]
TITLES = ("01 select", "02 poll", "03 epoll LT", "04 epoll ET", "05 loops")


def test_it_opens_with_everybody_asleep_and_the_first_client_about_to_speak(visit: Open) -> None:
    seen = visit()
    assert [seen.server(title).locator("header .badge").inner_text() for title in TITLES] == ["asleep"] * 5
    assert seen.moment() == "A connects"


def test_a_step_forward_shows_what_each_wait_told(visit: Open) -> None:
    seen = visit()
    before = seen.tick()
    seen.page.get_by_role("button", name="One step forward").click()
    for title in TITLES[:4]:
        assert seen.says(title) == "told of fd 3"
    assert seen.tick() == before + 1


def test_a_step_back_leads_to_the_same_picture(visit: Open) -> None:
    seen = visit()
    seen.choose("two-clients")
    forwards = []
    for tick in range(seen.last() + 1):
        seen.go(tick)
        forwards.append(seen.picture())
    assert len(set(forwards)) > seen.last() / 2
    for tick in reversed(range(seen.last() + 1)):
        seen.go(tick)
        assert seen.picture() == forwards[tick], tick


def test_play_goes_on_by_itself_and_pause_holds_it(visit: Open) -> None:
    seen = visit()
    seen.page.select_option(".speed", "4")
    before = seen.tick()
    seen.page.get_by_role("button", name="Play").click()
    seen.page.wait_for_function(f"Number(document.querySelector('.scrub').value) > {before + 1}")
    seen.page.get_by_role("button", name="Pause").click()
    held = seen.tick()
    # Time for three more steps, had it gone on: measured by the page's own clock.
    seen.page.evaluate("new Promise((done) => setTimeout(done, 3 * 650 / 4))")
    assert seen.tick() == held


def test_playing_ends_at_the_end_and_begins_again_from_there(visit: Open) -> None:
    seen = visit()
    seen.go(seen.last() - 1)
    seen.page.get_by_role("button", name="Play").click()
    seen.page.get_by_role("button", name="Play").wait_for()
    assert seen.tick() == seen.last()
    seen.page.get_by_role("button", name="Play").click()
    assert seen.tick() < seen.last()


def test_an_event_is_jumped_to(visit: Open) -> None:
    seen = visit()
    seen.page.get_by_role("button", name="A sends 5 bytes").click()
    assert seen.moment() == "A sends 5 bytes"
    seen.page.get_by_role("button", name="Next event").click()
    assert seen.moment() == "A shuts down its sending side"
    seen.page.get_by_role("button", name="Previous event").click()
    assert seen.moment() == "A sends 5 bytes"


def test_the_keyboard_does_it_all(visit: Open) -> None:
    seen = visit()
    start = seen.tick()
    seen.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert seen.tick() == start + 1
    seen.press("End")
    assert seen.tick() == seen.last()
    seen.press("Home")
    assert seen.tick() == 0
    seen.press("Shift+ArrowRight", "Shift+ArrowRight")
    assert seen.moment() == "A sends 5 bytes"
    seen.press("Space")
    seen.page.get_by_role("button", name="Pause").wait_for()
    seen.press("Space")
    seen.page.get_by_role("button", name="Play").wait_for()


def test_keys_that_mean_something_else_are_left_alone(visit: Open) -> None:
    seen = visit()
    seen.page.locator("#scenario").focus()
    before = seen.tick()
    seen.press("Home", "ArrowLeft")
    assert seen.tick() == before


def test_another_scenario_replaces_all_of_it(visit: Open) -> None:
    seen = visit()
    seen.choose("two-clients")
    moments = seen.page.locator(".moment").all_inner_texts()
    assert moments[0] == "A connects"
    assert "A, B send" in moments
    assert seen.page.locator("article.server").count() == 5


def test_the_bits_are_those_of_the_trace_at_every_step(visit: Open) -> None:
    seen = visit()
    seen.choose("two-clients")
    trace = made_up.play("01", "two-clients")
    column = seen.server("01 select")
    checked = 0
    for done in steps_shown(seen, "01 select"):
        enter = last_of(trace["steps"][:done], "wait_enter")
        told = last_of(trace["steps"][:done], "wait_return")
        if enter is None:
            continue
        rows = column.locator(".bits tbody").first.locator("tr").filter(has=seen.page.locator("td"))
        asked, answer = (row.split()[1:] for row in rows.all_inner_texts())
        assert set_of(asked) == {entry["fd"] for entry in enter["interest"]}
        if told is not None and told["i"] > enter["i"]:
            assert set_of(answer) == {entry["fd"] for entry in told["ready"]}
            cleared = {int(fd) for fd in column.locator(".bits tbody").first.locator("td.cleared").evaluate_all(CELLS)}
            assert cleared == set(told["cleared"])
            checked += 1
        else:
            assert set(answer) == {"·"}
    assert checked > 10


def test_the_interest_list_is_that_of_the_trace_whenever_it_waits(visit: Open) -> None:
    seen = visit()
    seen.choose("two-clients")
    for lab, title in (("03", "03 epoll LT"), ("04", "04 epoll ET")):
        trace = made_up.play(lab, "two-clients")
        for done in steps_shown(seen, title):
            step = trace["steps"][done - 1]
            if not done or step["kind"] != "wait_enter":
                continue
            shown = seen.server(title).locator(".part").first.locator(".chip .fd").all_inner_texts()
            assert [int(text.split()[0]) for text in shown] == [entry["fd"] for entry in step["interest"]]


def test_level_triggered_goes_back_to_the_ready_list_and_an_edge_does_not(visit: Open) -> None:
    seen = visit()
    seen.page.get_by_role("button", name="A sends 5 bytes").click()
    seen.press("ArrowRight")
    ready = seen.server("03 epoll LT").locator(".part").nth(1)
    assert ready.locator(".chip.back").count() == 1
    edge = seen.server("04 epoll ET").locator(".part").nth(1)
    assert "an edge is told once" in edge.inner_text()
    returned = seen.server("04 epoll ET").locator(".part").nth(2)
    assert "once, ET" in returned.inner_text()


def test_a_wait_with_something_left_unread_does_not_sleep(visit: Open) -> None:
    seen = visit()
    seen.choose("two-clients")
    seen.page.get_by_role("button", name="A sends 10,000 bytes").click()
    seen.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    for title, call in (("01 select", "select"), ("02 poll", "poll"), ("03 epoll LT", "epoll_wait")):
        assert seen.says(title) == f"asks {call}: fd 8 still ready"
        assert seen.server(title).locator("header .badge").inner_text() == "running"
    assert "still ready" in seen.server("03 epoll LT").locator(".part").nth(1).inner_text()
    assert seen.says("04 epoll ET") == "fd 8 A: receives 4,096 bytes"  # it reads on: nobody would tell it again


def test_a_task_is_handed_over(visit: Open) -> None:
    seen = visit()
    seen.page.get_by_role("button", name="A sends 5 bytes").click()
    seen.press("ArrowRight")
    loops = seen.server("05 loops")
    assert "wakes main" in loops.locator(".handover").inner_text()
    assert loops.locator(".waker.ready").first.inner_text().split() == ["6", "event", "=", "1"]


def test_the_line_that_made_the_call_is_lit_and_in_sight(visit: Open) -> None:
    seen = visit()
    for title, call in (("01 select", "::select("), ("02 poll", "::poll("), ("03 epoll LT", "::epoll_wait(")):
        lit = seen.server(title).locator(".code .lit")
        assert call in lit.inner_text()
        line, box = lit.bounding_box(), seen.server(title).locator(".code").bounding_box()
        assert line is not None
        assert box is not None
        assert box["y"] <= line["y"]
        assert line["y"] + line["height"] <= box["y"] + box["height"] + 1


def test_counters_run_along_and_stand_still_when_it_sleeps(visit: Open) -> None:
    seen = visit()
    seen.press("Home")
    assert seen.server("02 poll").locator("dd").all_inner_texts() == ["0"] * 5
    seen.press("End")
    trace = made_up.play("02", "hello")
    calls = sum(step["kind"] != "wait_return" for step in trace["steps"])
    copied = sum(step["copied_in"] for step in trace["steps"])
    assert seen.server("02 poll").locator("dd").all_inner_texts()[:2] == [str(calls), str(copied)]


def test_servers_can_be_left_out_but_never_all(visit: Open) -> None:
    seen = visit()
    choices = seen.page.get_by_role("group", name="Servers to show").get_by_role("button")
    for i in range(5):
        choices.nth(i).click()
    assert seen.page.locator("article.server:visible").count() == 1
    assert seen.server("05 loops").is_visible()


def test_a_phone_shows_one_server_after_the_other(visit: Open) -> None:
    seen = visit(Screen.PHONE)
    seen.server("04 epoll ET").scroll_into_view_if_needed()
    seen.press("ArrowRight")
    assert seen.says("04 epoll ET") == "told of fd 3"


CELLS = "cells => cells.map((cell) => cell.cellIndex - 1)"


def set_of(bits: list[str]) -> set[int]:
    return {fd for fd, text in enumerate(bits) if text == "1"}


def last_of(steps: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    return next((step for step in reversed(steps) if step["kind"] == kind), None)


def steps_shown(seen: Visit, title: str) -> Iterator[int]:
    """Goes through the whole scenario; says at each tick how many steps this server has made."""
    for tick in range(seen.last() + 1):
        seen.go(tick)
        yield int(seen.server(title).get_attribute("data-done") or 0)
