"""A deck: a Markdown file, cut into slides, each with its speaker notes and the minutes it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.project import Project

FEWEST, MOST = 12, 16  # slides of a deck: one lecture


@dataclass(frozen=True)
class Slide:
    number: int
    line: int
    title: str
    kind: str
    """What the style sheet lays it out as: `## Title {.wide}` gives wide. Empty for the usual."""
    body: str
    """Markdown, without the title and the notes."""
    notes: str
    minutes: float


@dataclass(frozen=True)
class Deck:
    path: Path
    title: str
    slides: tuple[Slide, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def language(self) -> str:
        """`03_epoll_lt.zh-CN.md` is in Chinese."""
        return self.name.partition(".")[2] or "en"

    @property
    def minutes(self) -> float:
        return sum(slide.minutes for slide in self.slides)


def decks(project: Project) -> list[Deck]:
    """The overview first, then lab by lab."""
    folder = project.root / "slides"
    if not folder.is_dir():
        raise MuxlabError("there is no slides/ here: the decks stay with the instructor")
    found = [read_deck(path) for path in folder.glob("*.md") if not path.name.startswith("README")]
    return sorted(found, key=lambda deck: (deck.name[0].isdigit(), deck.name))


def read_deck(path: Path) -> Deck:
    """Raises MuxlabError, with file and line, if a slide lacks its title, its notes or its minutes."""
    slides = []
    start = 1
    for number, text in enumerate(re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE), 1):
        slides.append(_slide(path, number, start, text))
        start += text.count("\n") + 1
    return Deck(path, slides[0].title, tuple(slides))


def _slide(path: Path, number: int, start: int, text: str) -> Slide:
    where = f"{path.name}:{start}"
    heading = re.match(r"\s*#{1,2} (.+?)(?: \{\.([\w ]+)\})?\n", text)
    if heading is None:
        raise MuxlabError(f"{where}: slide {number} does not begin with '## Title'")
    body, mark, notes = text[heading.end() :].partition("\nNote: ")
    minutes = re.match(r"(\d+(?:\.5)?) min\.\s*", notes)
    if not mark or minutes is None:
        raise MuxlabError(f"{where}: slide {number} does not end with 'Note: 3 min. What to say'")
    kind = heading[2] or ("title" if number == 1 else "")
    said = notes[minutes.end() :].strip()
    return Slide(number, start, heading[1], kind, body.strip("\n"), said, float(minutes[1]))
