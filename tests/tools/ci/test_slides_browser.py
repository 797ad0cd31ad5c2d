"""Every slide in a real browser at 1280 × 720: nothing leaves it, and each deck prints."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from muxlab.errors import MuxlabError
from muxlab.project import Project
from muxlab.slides.assets import reveal
from muxlab.slides.browser import chromium, print_pdf, problems
from muxlab.slides.deck import Deck, decks, read_deck
from muxlab.slides.page import print_page_of, write_decks
from stage import REPOSITORY

PROJECT = Project(REPOSITORY)
DECKS = {deck.name: deck for deck in decks(PROJECT)} if (REPOSITORY / "slides").is_dir() else {}

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the MUXLAB_BROWSER variable says 'required', a missing browser is no reason to skip."""
    reason = "" if DECKS else "the decks stay with the instructor"
    try:
        reason = reason or ("" if chromium() else "chromium is not installed: apt install chromium")
        reveal(PROJECT)
    except MuxlabError as error:
        reason = str(error)
    if reason:
        if os.environ.get("MUXLAB_BROWSER") == "required":
            raise RuntimeError(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slides")
    write_decks(PROJECT, list(DECKS.values()), folder)
    return folder


def shown(folder: Path, text: str) -> tuple[Path, Deck]:
    path = folder / "made_up.md"
    path.write_text(f"# Made up\n\n{text}\n\nNote: 1 min. Nothing to say.\n", encoding="utf-8")
    deck = read_deck(path)
    return write_decks(PROJECT, [deck], folder / "made_up")[0], deck


@pytest.mark.parametrize("name", DECKS)
def test_no_slide_holds_more_than_fits(pages: Path, name: str) -> None:
    assert problems(pages / f"{name}.html", len(DECKS[name].slides)) == []


def test_text_below_the_slide_and_a_line_that_is_too_long_are_found(pages: Path) -> None:
    page, deck = shown(pages, "Text.\n\n" * 30 + "```\n" + "long " * 60 + "\n```")
    found = [problem.what for problem in problems(page, len(deck.slides))]
    assert [what for what in found if "too low" in what]
    assert [what for what in found if "wider than its frame" in what]


def test_a_deck_prints_through_chromium(pages: Path, tmp_path: Path) -> None:
    _, deck = shown(pages, "Text.")
    page = pages / "made_up" / "made_up.print.html"
    page.write_text(print_page_of(PROJECT, deck), encoding="utf-8")
    print_pdf(page, tmp_path / "deck.pdf")
    assert (tmp_path / "deck.pdf").read_bytes().startswith(b"%PDF-")
