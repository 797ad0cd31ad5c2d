"""Everything on the page but the stepper; and what holds for the page as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from browser_stage import Screen, Visit

Open = Callable[..., Visit]
SHEET = (1032, 703)  # A4 across without its margins, in CSS pixels


@pytest.mark.parametrize("screen", list(Screen))
def test_nothing_is_wider_than_the_screen(visit: Open, screen: Screen) -> None:
    seen = visit(screen)
    seen.page.locator(".metric button").first.click()
    for card in seen.page.locator("details.pitfall summary").all():
        card.click()
    width = seen.page.evaluate("document.documentElement.scrollWidth")
    assert width <= screen.value[0]


@pytest.mark.parametrize("screen", list(Screen))
def test_no_control_covers_another(visit: Open, screen: Screen) -> None:
    seen = visit(screen)
    assert seen.page.evaluate(COVERED) == []


def test_the_theme_follows_the_system_until_somebody_chooses(visit: Open) -> None:
    seen = visit(color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = seen.page.evaluate(paper)
    theme = seen.page.get_by_role("button", name="Theme:")
    theme.click()
    assert theme.inner_text() == "Theme: light"
    assert seen.page.evaluate(paper) != dark
    seen.page.reload()
    assert theme.inner_text() == "Theme: light"


def test_who_wants_no_motion_gets_none(visit: Open) -> None:
    seen = visit(reduced_motion="reduce")
    motion = seen.page.get_by_role("button", name="Motion:")
    assert motion.inner_text() == "Motion: off"
    assert (
        seen.page.evaluate("getComputedStyle(document.querySelector('.counter'), '::before').transitionDuration")
        == "0s"
    )
    motion.click()
    assert (
        seen.page.evaluate("getComputedStyle(document.querySelector('.counter'), '::before').transitionDuration")
        != "0s"
    )


def test_a_number_explains_itself(visit: Open) -> None:
    seen = visit()
    row = seen.page.locator(".metric button").first
    explained = seen.page.locator(f"#{row.get_attribute('aria-controls')}")
    assert not explained.is_visible()
    row.focus()
    seen.press("Enter")
    assert "What the kernel copies from and to the program" in explained.inner_text()
    assert "strace" in explained.locator("code").inner_text()
    assert row.get_attribute("aria-expanded") == "true"


def test_every_kind_of_cell_is_written_out(visit: Open) -> None:
    seen = visit()
    table = seen.page.locator("table.numbers", has_text="A cell of every kind")
    text = table.inner_text()
    for shown in ("1,234,567", "1.0–9.0", "16/2", "2,000+", "2^64 - 2", "not measured"):
        assert shown in text


def test_curves_are_drawn_and_what_is_missing_is_named(visit: Open) -> None:
    seen = visit()
    charts = seen.page.locator("#curves svg")
    assert charts.count() == 2
    assert (charts.first.get_attribute("aria-label") or "").startswith("Bytes copied for one wait call")
    assert "05 cross_thread_wakeup" in charts.first.inner_html()
    missing = seen.page.locator("#curves .absent")
    assert "./muxlab bench" in missing.inner_text()
    assert "Latency percentiles" in missing.inner_text()


def test_a_cell_of_the_matrix_is_explained_on_hover_and_focus(visit: Open) -> None:
    seen = visit()
    note = seen.page.locator("#matrix-note")
    cells = seen.page.get_by_role("gridcell")
    cells.nth(1).hover()
    assert note.inner_text() == "the peer has sent 10 bytes · poll: IN OUT. recv would not block."
    cells.first.focus()
    seen.press("ArrowDown", "ArrowDown", "ArrowRight")
    assert note.inner_text() == "the buffer is full · poll: silence: this wait would sleep. A send would block."
    assert seen.page.evaluate("document.querySelectorAll('.matrix [tabindex=\"0\"]').length") == 1
    before = seen.tick()
    seen.press("Home")
    assert seen.tick() == before


def test_a_pitfall_shows_broken_and_fixed_paused_where_they_part(visit: Open) -> None:
    seen = visit()
    card = seen.page.locator("details.pitfall").first
    card.locator("summary").click()
    card.locator("article.server").nth(1).wait_for()
    assert card.locator("article.server h3").all_inner_texts() == ["broken", "fixed"]
    broken, fixed = card.locator("article.server .now").all_inner_texts()
    assert broken != fixed
    # The keyboard belongs to the stepper that has the focus.
    top = seen.tick()
    card.get_by_role("button", name="One step forward").click()
    seen.press("ArrowRight")
    assert seen.tick() == top


def test_an_address_may_name_a_card_and_the_page_opens_there(visit: Open) -> None:
    seen = visit()
    card = seen.page.locator("details.pitfall").first
    seen.page.evaluate("name => { location.hash = name; }", card.get_attribute("id"))
    card.locator("article.server").nth(1).wait_for()
    assert card.locator(".stepper").is_visible()
    seen.page.wait_for_function("card => card.getBoundingClientRect().top < innerHeight / 2", arg=card.element_handle())


def test_a_card_without_a_trace_shows_its_text_and_patch(visit: Open) -> None:
    seen = visit()
    card = seen.page.locator("details.pitfall", has_text="not recorded yet")
    card.locator("summary").click()
    assert "./muxlab bug watch 04.not-recorded" in card.inner_text()
    assert "i < kServeBudget; ++i) <serve>" in card.locator(".minus").inner_text()


def test_on_paper_the_controls_are_gone_and_the_explanations_are_there(visit: Open) -> None:
    seen = visit()
    seen.page.emulate_media(media="print")
    assert not seen.page.locator(".control").first.is_visible()
    assert seen.page.locator(".explained").first.is_visible()


def test_on_paper_the_five_servers_stand_on_one_sheet_with_what_the_clients_did(visit: Open) -> None:
    seen = visit()
    seen.page.emulate_media(media="print")
    seen.page.set_viewport_size({"width": SHEET[0], "height": SHEET[1]})
    assert seen.page.locator(".moment[aria-current]").first.is_visible()
    stepper = seen.page.locator(".servers").first.bounding_box()
    assert stepper is not None
    assert stepper["height"] < SHEET[1]
    below = seen.page.locator("#table").bounding_box()
    assert below is not None
    for code in seen.page.locator("#side-by-side .code").all():
        box = code.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= below["y"]


def test_the_file_asks_for_nothing(page_file: Path) -> None:
    text = page_file.read_text(encoding="utf-8")
    without_names = text.replace("http://www.w3.org/", "")
    assert "http://" not in without_names
    assert "https://" not in without_names
    assert "src=" not in text.replace("data-src=", "")
    assert "@import" not in text


COVERED = """
() => {
  const found = [];
  for (const one of document.querySelectorAll("header button, .picker button, .picker select, .controls > *")) {
    one.scrollIntoView({ block: "center", behavior: "instant" });
    const box = one.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (!one.contains(top) && !top?.contains(one)) found.push(one.outerHTML.slice(0, 80));
  }
  return found;
}
"""
