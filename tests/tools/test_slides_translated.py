"""The decks in English and Chinese in step, slide by slide; and what is generated on them is in Chinese as well."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from muxlab.bugs.card import find_card
from muxlab.cli import app
from muxlab.compare.model import Text
from muxlab.compare.storage import load
from muxlab.language import CHINESE, TAGS
from muxlab.project import Project
from muxlab.slides.deck import Deck, Slide, decks, read_deck
from muxlab.slides.directives import DRAWN
from muxlab.slides.page import page_of
from muxlab.slides.phrases import phrases
from stage import REPOSITORY

PROJECT = Project(REPOSITORY)
SLIDES = REPOSITORY / "slides"
DECKS = {deck.name: deck for deck in decks(PROJECT)} if SLIDES.is_dir() else {}
ENGLISH = [name for name, deck in DECKS.items() if deck.language == "en"]
TAG = TAGS[CHINESE]
TRANSLATED = [name for name in ENGLISH if f"{name}.{TAG}" in DECKS]
WORDS = phrases(PROJECT, TAG)

HAN = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[a-z]{2,} [a-z]{2,}")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(
    r"\./muxlab [a-z]+|\b[a-z_0-9]+\(\d?\)|--[a-z-]+|\b0\d\.[a-z-]+|\b(?:slides|labs|fs|dev|proc)/[\w./*-]*\w"
    r"|\b[A-Z_]{3,}[0-9]*\b|\d[\d.,]*\d",
    re.ASCII,
)
"""Calls, commands, options, cards, files, flags, and numbers of some size."""

pytestmark = pytest.mark.skipif(not DECKS, reason="the decks stay with the instructor")
each_deck = pytest.mark.parametrize("name", TRANSLATED)


def pairs(name: str) -> list[tuple[Slide, Slide]]:
    return list(zip(DECKS[name].slides, translation(name).slides, strict=True))


def translation(name: str) -> Deck:
    return DECKS[f"{name}.{TAG}"]


def names(text: str) -> set[str]:
    return {name.replace(",", "") for name in NAMED.findall(" ".join(text.split()))}


def prose(text: str) -> str:
    return FENCED.sub("", text).replace(f".{TAG}.md", ".md")


# ---- slide by slide ----------------------------------------------------------------------------------------------


def minutes(slide: Slide) -> float:
    return slide.minutes


def kind(slide: Slide) -> str:
    return slide.kind


def parts(slide: Slide) -> list[str]:
    """How it is laid out, and what it takes from elsewhere, in order."""
    return re.findall(r"^(?::::.*|\{\{ .* \}\})$", slide.body, re.MULTILINE)


def code(slide: Slide) -> list[str]:
    """The blocks, without their comments."""
    return [re.sub(r" *//.*", "", block) for block in FENCED.findall(slide.body)]


def tables(slide: Slide) -> list[int]:
    """How many cells each row has."""
    return [row.count("|") for row in re.findall(r"^\|.*$", prose(slide.body), re.MULTILINE)]


def items(slide: Slide) -> list[str]:
    """Questions have numbers, and so have their answers."""
    return re.findall(r"^(-|\d+\.) ", prose(slide.body), re.MULTILINE)


def answers(slide: Slide) -> list[str]:
    """In the notes of the last slide."""
    expected = slide.notes.startswith(("Expected", "预期"))
    return re.findall(r"(?<![\d.])([1-9]\.) ?(?!\d)", slide.notes) if expected else []


def links(slide: Slide) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", prose(slide.body))


def in_code_type(slide: Slide) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", prose(slide.body)))


def named(slide: Slide) -> set[str]:
    return names(prose(f"{slide.body}\n{slide.notes}"))


SAME = (minutes, kind, parts, code, tables, items, answers, links, in_code_type, named)


def test_every_deck_is_in_chinese_too() -> None:
    lacking = [f"slides/{name}.{TAG}.md" for name in ENGLISH if name not in TRANSLATED]
    assert not lacking, f"not written: {', '.join(lacking)}"
    alone = [deck.path.name for deck in DECKS.values() if deck.name.partition(".")[0] not in ENGLISH]
    assert not alone, f"no English deck beside {', '.join(alone)}"


@each_deck
def test_both_have_as_many_slides(name: str) -> None:
    assert len(translation(name).slides) == len(DECKS[name].slides)


@each_deck
@pytest.mark.parametrize("part", SAME, ids=lambda part: part.__name__)
def test_a_slide_has_the_same_in_both_languages(name: str, part: Callable[[Slide], object]) -> None:
    for english, chinese in pairs(name):
        where = f"{name}.{TAG}.md:{chinese.line}, slide {chinese.number}"
        assert part(chinese) == part(english), where


@each_deck
def test_what_is_said_is_in_chinese(name: str) -> None:
    for _, chinese in pairs(name):
        assert HAN.search(chinese.title), chinese.title
        assert HAN.search(chinese.notes), chinese.title


def test_what_has_one_title_in_english_has_one_in_chinese() -> None:
    """`Pitfall 1: …` and `Lab 03: …` up to the colon."""
    titles: dict[str, set[str]] = {}
    for name in TRANSLATED:
        for english, chinese in pairs(name):
            titles.setdefault(english.title.partition(":")[0], set()).add(chinese.title.partition("：")[0])
    assert {title: several for title, several in titles.items() if len(several) > 1} == {}


@each_deck
def test_no_line_is_broken_between_chinese_characters(name: str) -> None:
    """A browser would show the break as a space."""
    text = FENCED.sub("", translation(name).path.read_text(encoding="utf-8"))
    assert not re.findall("[\u4e00-\u9fff，。；：、]\n[\u4e00-\u9fff]", text)


@each_deck
def test_no_star_is_left_over(name: str) -> None:
    """Markdown does not close `**` behind a Chinese full stop and before a character."""
    page = page_of(PROJECT, translation(name))
    shown = re.sub(r"<(code|pre)\b.*?</\1>", "", page.partition("<body>")[2], flags=re.DOTALL)
    assert not re.findall(r".{0,20}\*\*.{0,20}", shown)


# ---- what is generated on them -----------------------------------------------------------------------------------


def untranslated(texts: set[str]) -> set[str]:
    return {text for text in texts if SENTENCE.search(text) and text not in WORDS.texts}


def test_drawings_speak_chinese() -> None:
    said = {text for path in SLIDES.glob("figures/*.svg") for _, text in DRAWN.findall(path.read_text("utf-8"))}
    assert untranslated(said) == set()


def test_tables_speak_chinese() -> None:
    report = load(SLIDES / "data" / "compare.json")
    said = {column.title for table in report.tables for column in table.columns}
    for row in (row for table in report.tables for row in table.rows):
        said |= {row.metric.group, row.metric.title, row.metric.unit}
        said |= {cell.text for cell in row.cells if isinstance(cell, Text)}
    assert untranslated(said) == set()


def test_the_bug_cards_that_are_shown_are_in_chinese() -> None:
    text = "".join(deck.path.read_text(encoding="utf-8") for deck in DECKS.values())
    shown = set(re.findall(r"\{\{ card (\S+) \}\}", text))
    assert set(WORDS.cards) == shown
    for card in (find_card(PROJECT, name) for name in shown):
        for english, chinese in ((card.what_happens, WORDS.cause(card)), (card.fix, WORDS.fix(card))):
            assert HAN.search(chinese), card.id
            assert names(chinese) == names(english), card.id


@each_deck
def test_what_a_page_shows_beside_its_code_is_in_chinese(name: str) -> None:
    page = re.sub(r"<(code|pre)\b.*?</\1>", "", page_of(PROJECT, translation(name)), flags=re.DOTALL)
    said = {html.unescape(text) for text in re.findall(r"<(?:text|th|dt|dd)\b[^>]*>([^<]+)", page)}
    assert {text for text in untranslated(said) if not HAN.search(text)} == set()


def test_no_line_can_break_at_the_blank_beside_a_chinese_character(tmp_path: Path) -> None:
    path = tmp_path / f"deck.{TAG}.md"
    path.write_text("# 标题\n\n编号 7 上的 `recv` 调用\n\nNote: 1 min. 没有什么要说。\n", encoding="utf-8")
    page = page_of(PROJECT, read_deck(path))
    assert "<p>编号\u00a07\u00a0上的\u00a0<code>recv</code>\u00a0调用</p>" in page
    assert '<html lang="zh-CN">' in page
    assert "<strong>1 分钟。</strong>" in page


# ---- who gets which ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "locale", "language"),
    [
        (["--lang", "zh"], "C.UTF-8", TAG),
        (["--lang", "en"], "zh_CN.UTF-8", "en"),
        ([], "zh_CN.UTF-8", TAG),
        ([], "de_DE.UTF-8", "en"),
    ],
)
def test_the_option_or_the_locale_chooses_the_decks(
    arguments: list[str], locale: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Deck] = []

    def write_decks(project: Project, chosen: list[Deck], out: Path) -> list[Path]:
        built.extend(chosen)
        return []

    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setattr("muxlab.slides.command.write_decks", write_decks)
    assert CliRunner().invoke(app, ["slides", "03", *arguments]).exit_code == 0
    assert [(deck.language, deck.name[:2]) for deck in built] == [(language, "03")]
