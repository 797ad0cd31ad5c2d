"""Hints: one at a time, and never for a test that does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from muxlab.errors import MuxlabError
from muxlab.grading.hints import Hints, show_hint
from muxlab.language import language
from muxlab.project import Project

TOML = """
[ten-kilobytes]
hints = [
  "who wakes you for the rest?",
  "an edge is told once; \
   how much have you read by then?",
  "EAGAIN is the only sign",
]

["04.one-byte"]
hints = ["1", "2", "3"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "tests/graded/hints"
    folder.mkdir(parents=True)
    (folder / "reading.toml").write_text(TOML)
    return Project(tmp_path)


def hint(project: Project, test: str = "04.ten-kilobytes", level: int | None = None, reset: bool = False) -> str:
    return show_hint(project, test, level, reset)[0]


def test_each_call_shows_the_next_one(project: Project) -> None:
    assert show_hint(project, "04.ten-kilobytes", None, False) == [
        "hint 1 of 3: who wakes you for the rest?",
        "(the next one: ./muxlab hint 04.ten-kilobytes)",
    ]
    assert hint(project) == "hint 2 of 3: an edge is told once; how much have you read by then?"
    last = show_hint(project, "04.ten-kilobytes", None, False)
    assert last == [
        "hint 3 of 3: EAGAIN is the only sign",
        "(that was the last one; the first again: ./muxlab hint 04.ten-kilobytes --level 1)",
    ]
    assert show_hint(project, "04.ten-kilobytes", None, False) == last


def test_a_level_can_be_asked_for_and_counts_as_seen(project: Project) -> None:
    assert hint(project, level=2).startswith("hint 2 of 3")
    assert hint(project).startswith("hint 3 of 3")
    assert hint(project, level=1).startswith("hint 1 of 3")
    with pytest.raises(MuxlabError, match="has 3 hints: choose a level from 1 to 3"):
        hint(project, level=4)


def test_hints_can_start_again(project: Project) -> None:
    assert hint(project).startswith("hint 1")
    hint(project, reset=True)
    assert hint(project).startswith("hint 1")


def test_a_test_is_known_with_and_without_its_lab(project: Project) -> None:
    assert hint(project, "ten-kilobytes").startswith("hint 1")
    assert hint(project, "04.ten-kilobytes").startswith("hint 2")
    assert hint(project, "04.one-byte") == "hint 1 of 3: 1"
    with pytest.raises(MuxlabError, match=r"there are no hints for '03\.one-byte'"):
        hint(project, "03.one-byte")


def test_a_wrong_name_gets_the_nearest_one(project: Project) -> None:
    with pytest.raises(MuxlabError, match=r"no hints for '04.ten-kilobyte': did you mean ten-kilobytes\?"):
        hint(project, "04.ten-kilobyte")


def test_a_file_that_lost_its_memory_starts_again(project: Project) -> None:
    hint(project)
    (project.root / "build/hints-seen.json").write_text("{")
    assert hint(project).startswith("hint 1")


def test_hints_and_tests_belong_together(project: Project) -> None:
    hints = Hints.load(project)
    assert hints.faults(["03.ten-kilobytes", "04.ten-kilobytes", "04.one-byte"]) == []
    assert hints.faults(["04.ten-kilobytes", "04.two"]) == ["04.one-byte: there is no such test", "04.two: no hints"]
    assert Hints({"a": ("1",)}).faults(["01.a"]) == ["a: 1 hints instead of 3"]


def test_a_translation_is_shown_and_what_has_none_stays_english(project: Project) -> None:
    (project.root / "tests/graded/hints/zh").mkdir()
    (project.root / "tests/graded/hints/zh/reading.toml").write_text('[ten-kilobytes]\nhints = ["一", "二", "三"]')
    assert show_hint(project, "04.ten-kilobytes", None, False, "zh") == [
        "提示 1/3：一",
        "（下一条：./muxlab hint 04.ten-kilobytes）",
    ]
    asked_for = show_hint(project, "04.ten-kilobytes", 2, False, "zh", " --lang zh")
    assert asked_for == ["提示 2/3：二", "（下一条：./muxlab hint 04.ten-kilobytes --lang zh）"]
    assert show_hint(project, "04.ten-kilobytes", 3, False, "zh") == [
        "提示 3/3：三",
        "（这是最后一条；重看第一条：./muxlab hint 04.ten-kilobytes --level 1）",
    ]
    assert show_hint(project, "04.one-byte", 3, False, "zh") == [
        "hint 3 of 3: 3",
        "(that was the last one; the first again: ./muxlab hint 04.one-byte --level 1)",
    ]
    assert show_hint(project, "04.ten-kilobytes", 1, False)[0] == "hint 1 of 3: who wakes you for the rest?"


def test_what_is_asked_for_decides_and_then_the_locale() -> None:
    assert language(None, {}) == language(None, {"LANG": "C.UTF-8"}) == "en"
    assert language(None, {"LANG": "zh_CN.UTF-8"}) == language(None, {"LC_ALL": "", "LC_MESSAGES": "zh"}) == "zh"
    assert language(None, {"LC_ALL": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}) == "en"
    assert language("en", {"LC_ALL": "zh_CN.UTF-8"}) == "en"
    with pytest.raises(MuxlabError, match="muxlab does not speak 'de': choose --lang en or --lang zh"):
        language("de", {})


@pytest.mark.parametrize("text", ["[a]\nhint = []", "[a]\nhints = 'one'", "[a]\nhints = [1]", "a = 1"])
def test_a_file_that_is_not_in_order_is_named(project: Project, text: str) -> None:
    (project.root / "tests/graded/hints/wrong.toml").write_text(text)
    with pytest.raises(MuxlabError, match=r"^tests/graded/hints/wrong.toml: below \[a\] belongs hints = "):
        Hints.load(project)


def test_two_files_for_one_test(project: Project) -> None:
    (project.root / "tests/graded/hints/writing.toml").write_text('[ten-kilobytes]\nhints = ["1", "2", "3"]')
    with pytest.raises(MuxlabError, match="there are other hints for ten-kilobytes"):
        Hints.load(project)
