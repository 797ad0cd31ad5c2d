"""Hints: three for each graded test, each a little plainer than the one before, none of them the solution.

They are in tests/graded/hints/*.toml: `[ten-kilobytes]`, or `["04.ten-kilobytes"]` where a lab needs its own, and below
it `hints = ["…", "…", "…"]`. A translation is in tests/graded/hints/LANGUAGE, and a test without one keeps its English
hints. Which ones a student has seen is kept in build/hints-seen.json.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import tomli

from muxlab.errors import MuxlabError
from muxlab.language import CHINESE, ENGLISH
from muxlab.project import Project

FOLDER = Path("tests/graded/hints")
LEVELS = 3


@dataclass(frozen=True)
class Hints:
    by_name: Mapping[str, tuple[str, ...]]
    translated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Into the one other language that there is, Chinese."""
    option: str = ""
    """' --lang zh' if it was asked for: a command that is suggested repeats it."""

    @classmethod
    def load(cls, project: Project, language: str = ENGLISH, option: str = "") -> Hints:
        translated = {} if language == ENGLISH else read_hints(project, FOLDER / language)
        return cls(read_hints(project, FOLDER), translated, option)

    def of(self, test: str) -> tuple[str, ...]:
        """By id, '04.ten-kilobytes', or by name."""
        key = self.key(test)
        return self.translated.get(key) or self.by_name.get(key, ())

    def told(self, test: str, level: int) -> str:
        """'hint 1 of 3: …', all of it in one language."""
        texts = self.of(test)
        words = "提示 {}/{}：{}" if self.language_of(test) == CHINESE else "hint {} of {}: {}"
        return words.format(level, len(texts), texts[level - 1])

    def language_of(self, test: str) -> str:
        return CHINESE if self.key(test) in self.translated else ENGLISH

    def key(self, test: str) -> str:
        return test if test in self.by_name else _name(test)

    def check(self, test: str) -> None:
        """For what a person has typed."""
        if self.of(test):
            return
        near = difflib.get_close_matches(_name(test), self.by_name, n=1)
        suggestion = f"did you mean {near[0]}?" if near else "./muxlab grade LAB --list shows the names"
        raise MuxlabError(f"there are no hints for '{test}': {suggestion}")

    def faults(self, tests: Iterable[str]) -> list[str]:
        """What is wrong with the hints for these tests (ids), and only these."""
        ids = set(tests)
        known = ids | {_name(test) for test in ids}
        faults = [f"{name}: there is no such test" for name in self.by_name if name not in known]
        faults += [f"{test}: no hints" for test in sorted(ids) if not self.of(test)]
        return faults + [
            f"{name}: {len(texts)} hints instead of {LEVELS}"
            for name, texts in self.by_name.items()
            if len(texts) != LEVELS
        ]


def read_hints(project: Project, folder: Path) -> dict[str, tuple[str, ...]]:
    """By test, from all files of one folder."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((project.root / folder).glob("*.toml")):
        where = folder / path.name
        for name, texts in read_file(path, where).items():
            if name in found:
                raise MuxlabError(f"{where}: there are other hints for {name}")
            found[name] = texts
    return found


def read_file(path: Path, where: Path) -> dict[str, tuple[str, ...]]:
    """`where` is what the file is called when something is wrong with it."""
    try:
        tables = tomli.loads(path.read_text(encoding="utf-8"))
    except tomli.TOMLDecodeError as error:
        raise MuxlabError(f"{where}: {error}") from None
    found: dict[str, tuple[str, ...]] = {}
    for name, table in tables.items():
        texts = table.get("hints") if isinstance(table, dict) and len(table) == 1 else None
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise MuxlabError(f'{where}: below [{name}] belongs hints = ["…", "…", "…"], and nothing else')
        found[name] = tuple(" ".join(text.split()) for text in texts)
    return found


def _name(test: str) -> str:
    return re.sub(r"^\d\d\.", "", test)


class Seen:
    """Up to which level each test's hints were shown. Lost with the build folder, and no harm done."""

    def __init__(self, project: Project) -> None:
        self._path = project.root / "build" / "hints-seen.json"
        try:
            self._levels: dict[str, int] = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._levels = {}

    def of(self, test: str) -> int:
        return self._levels.get(test, 0)

    def set(self, test: str, level: int) -> None:
        self._levels[test] = level
        self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._levels, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def show_hint(
    project: Project, test: str, level: int | None, reset: bool, language: str = ENGLISH, option: str = ""
) -> list[str]:
    """The next hint, or the one of that level; the lines to print."""
    known = Hints.load(project, language, option)
    known.check(test)
    hints, key, seen = known.of(test), known.key(test), Seen(project)
    if reset:
        seen.set(key, 0)
        return [f"the hints for {test} start again: ./muxlab hint {test}"]
    if level is not None and not 1 <= level <= len(hints):
        raise MuxlabError(f"{test} has {len(hints)} hints: choose a level from 1 to {len(hints)}")
    shown = level or min(seen.of(key) + 1, len(hints))
    seen.set(key, max(shown, seen.of(key)))
    again = f"./muxlab hint {test}{known.option}"
    return [known.told(test, shown), _what_comes_next(again, shown == len(hints), known.language_of(test))]


def _what_comes_next(again: str, is_last: bool, language: str) -> str:
    if language == CHINESE:
        return f"（这是最后一条；重看第一条：{again} --level 1）" if is_last else f"（下一条：{again}）"
    return f"(that was the last one; the first again: {again} --level 1)" if is_last else f"(the next one: {again})"
