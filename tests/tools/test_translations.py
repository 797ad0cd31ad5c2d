"""English and Chinese in step: a document or a hint that is changed in one language is changed in the other as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from muxlab.grading.crew import Crew
from muxlab.grading.hints import FOLDER, LEVELS, Hints, read_file
from muxlab.language import CHINESE
from muxlab.project import LABS, SERVERS, Lab, Project
from sheet_points import CHINESE as CHINESE_SHEET
from sheet_points import points_table

PROJECT = Project.here()
SUFFIX = ".zh-CN.md"
TRANSLATED = ("README.md", "docs/architecture.md", *(f"labs/{lab.folder}/README.md" for lab in LABS))
HAN = re.compile("[\u4e00-\u9fff]")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n)+")
SECTIONS = ("思路", "阅读顺序", "差异", "运行", "你的任务", "弄坏它", "运行之前先回答的问题", "分数")

each_document = pytest.mark.parametrize("english", TRANSLATED)


def chinese(english: str) -> str:
    return english.removesuffix(".md") + SUFFIX


def read(path: str) -> str:
    return (PROJECT.root / path).read_text(encoding="utf-8")


def prose(text: str) -> str:
    return INDENTED.sub("", FENCED.sub("", text))


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]


def code(text: str) -> list[str]:
    """The blocks, without what is said in them for people: behind a number sign, or far to the right of a command."""
    blocks = [re.sub(r" +# .*", "", block) for block in FENCED.findall(text)]
    return blocks + [re.sub(r"(?<=\S) {4,}.*", "", block) for block in INDENTED.findall(FENCED.sub("", text))]


def tables(text: str) -> list[list[int]]:
    """Of each table, the number of cells in each row."""
    found = re.findall(r"(?:^\|.*\n?)+", prose(text), re.MULTILINE)
    return [[row.count("|") for row in table.splitlines()] for table in found]


def links(text: str) -> list[str]:
    """Where they lead, and in which order; each language leads to its own page where there is one."""
    targets = re.findall(r"\]\(([^)]+)\)", prose(text))
    return [target.replace(SUFFIX, ".md") for target in targets]


def items(text: str) -> list[str]:
    """'-' or the number of each item of a list."""
    return re.findall(r"^\s*(-|\d+\.) ", prose(text), re.MULTILINE)


def names(text: str) -> list[set[str]]:
    """Names in code type, section by section."""
    return [set(re.findall(r"`([^`\n]+)`", section)) for section in re.split(r"^#+ ", prose(text), flags=re.MULTILINE)]


def test_every_translation_is_looked_at_here() -> None:
    folders = ("", "docs", "labs/*")
    found = {
        str(path.relative_to(PROJECT.root))
        for at in folders
        for path in PROJECT.root.glob(f"{at}/*{SUFFIX}".lstrip("/"))
    }
    assert found == {chinese(english) for english in TRANSLATED}


@each_document
def test_each_language_leads_to_the_other_at_the_top(english: str) -> None:
    name = Path(english).name
    assert read(english).splitlines()[2] == f"English · [简体中文]({chinese(name)})"
    assert read(chinese(english)).splitlines()[2] == f"[English]({name}) · 简体中文"


@each_document
@pytest.mark.parametrize("part", [headings, code, tables, items, names], ids=lambda part: part.__name__)
def test_both_languages_have_the_same(part: object, english: str) -> None:
    assert callable(part)
    assert part(read(chinese(english))) == part(read(english))


@each_document
def test_both_languages_lead_to_the_same_pages_and_these_exist(english: str) -> None:
    def of_text(text: str) -> list[str]:
        return links(text.split("\n", 3)[3])  # below the line that leads to the other language

    assert of_text(read(chinese(english))) == of_text(read(english))
    folder = (PROJECT.root / english).parent
    for target in re.findall(r"\]\(([^)#:]+)\)", read(chinese(english))):
        assert (folder / target).exists(), target
        own = (folder / target).with_name(chinese(Path(target).name))
        assert target.endswith(SUFFIX) or target == Path(english).name or not own.exists(), (
            f"{target} is in Chinese too"
        )


@each_document
def test_no_line_is_broken_between_chinese_characters(english: str) -> None:
    """A browser would show the break as a space."""
    assert not re.findall(r"[\u4e00-\u9fff，。；：、]\n[\u4e00-\u9fff]", prose(read(chinese(english))))


@pytest.mark.parametrize("lab", SERVERS, ids=lambda lab: lab.folder)
def test_all_chinese_sheets_have_the_same_sections(lab: Lab) -> None:
    text = read(f"labs/{lab.folder}/{CHINESE_SHEET.sheet}")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS


def test_the_points_are_those_that_the_suite_gives() -> None:
    with Crew(PROJECT, "", 1) as crew:
        tests = crew.catalogue().tests
    for lab in SERVERS:
        text = read(f"labs/{lab.folder}/{CHINESE_SHEET.sheet}")
        way_out = "out of date: .venv/bin/python tests/tools/sheet_points.py writes it anew"
        assert text.endswith("\n\n" + points_table(tests, lab, CHINESE_SHEET)), way_out


def by_file(language: str) -> dict[str, Mapping[str, tuple[str, ...]]]:
    folder = PROJECT.root / FOLDER / language
    return {path.name: read_file(path, path) for path in sorted(folder.glob("*.toml"))}


def test_every_test_has_its_three_hints_in_chinese_in_the_file_of_the_same_name() -> None:
    english, translated = by_file(""), by_file(CHINESE)
    assert {file: [*tests] for file, tests in translated.items()} == {file: [*tests] for file, tests in english.items()}
    for file, tests in translated.items():
        for test, texts in tests.items():
            assert len(texts) == LEVELS, f"{file}: {test}"
            assert all(HAN.search(text) for text in texts), f"{file}: {test} is not in Chinese"


def test_hints_name_the_same_in_both_languages() -> None:
    """Names of calls, flags and options, and numbers of some size, are not translated."""
    english, translated = Hints.load(PROJECT), Hints.load(PROJECT, CHINESE)
    word = re.compile(r"[A-Z_]{3,}[0-9]*|--[a-z-]+|\b\w+\(\d?\)|\./muxlab [a-z]+ \w+|/proc/\S+/fd|::\d|\d[\d.,]*\d")
    for test in english.by_name:
        for before, after in zip(english.of(test), translated.of(test), strict=True):
            assert set(word.findall(after)) == set(word.findall(before)), f"{test}: {after}"
