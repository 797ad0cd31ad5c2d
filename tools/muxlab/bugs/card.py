"""A bug card: a patch for git apply, and above its first hunk a few lines for people."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.project import SERVERS, Project

REQUIRED = ("Title", "Pitfall", "What happens", "Caught by", "Watch it", "Fix")
OPTIONAL = ("Scenario", "No trace", "Build it")
"""Scenario: its name, and from which beat on to look for the mistake, if not from the start: `slow-reader, beat 5`.
Build it: the preset to build with, and options for the compiler behind it: `asan`, or `dev -O2`. Left out: dev."""

TYPICAL = (
    "01.set-not-rebuilt",
    "01.nfds-off-by-one",
    "01.fd-setsize-overflow",
    "01.partial-send-dropped",
    "02.hup-err-ignored",
    "02.hup-before-in",
    "03.mod-replaces-mask",
    "04.et-single-read",
    "04.accept-once-per-edge",
    "05.lost-wakeup",
    "05.callback-under-lock",
)
"""Mistakes that students make all the time, from all labs: where one cannot wait for every card."""


@dataclass(frozen=True)
class Card:
    path: Path
    title: str
    pitfall: str
    """The row of the pitfalls' list, `et-single-read`: what tests name, too."""
    what_happens: str
    caught_by: tuple[str, ...]
    """Ids of graded tests, `04.ten-kilobytes`. Each of them fails."""
    watch_it: str
    scenario: str
    """The one of ./muxlab trace --list that shows it; empty where none does."""
    beat: int
    """Of the scenario: what is different before it has nothing to do with the mistake, or only leads to it."""
    no_trace: str
    """Why no trace can show it: one sentence; empty where one could."""
    fix: str
    preset: str
    flags: tuple[str, ...]
    diff: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def lab(self) -> str:
        """The number of the lab whose folder it is in."""
        return self.path.parents[1].name[:2]

    @property
    def id(self) -> str:
        return f"{self.lab}.{self.name}"

    @property
    def files(self) -> list[str]:
        """What the patch changes, as paths inside the project."""
        return re.findall(r"^\+\+\+ b/(\S+)", self.diff, re.MULTILINE)


def cards(project: Project) -> list[Card]:
    """All of them, lab by lab."""
    return [read_card(path) for lab in SERVERS for path in sorted(project.folder(lab).glob("bugs/*.patch"))]


def typical_cards(project: Project) -> list[Card]:
    """Those of TYPICAL that a scenario shows."""
    return [card for card in cards(project) if card.id in TYPICAL and card.scenario]


def find_card(project: Project, text: str) -> Card:
    """By what a person may call it: et-single-read, 04.et-single-read, 04/et-single-read, or the patch's path."""
    word = text.removesuffix(".patch").replace("/bugs/", "/")
    folder, _, name = word.rpartition("/") if "/" in word else word.rpartition(".")
    number = re.match(r"\d*", folder.rpartition("/")[2])
    lab = number[0].zfill(2) if number and number[0] else ""
    known = cards(project)
    found = [card for card in known if card.name == name and lab in ("", card.lab)]
    if len(found) == 1:
        return found[0]
    if found:
        raise MuxlabError(f"'{name}' is in several labs: say {' or '.join(card.id for card in found)}")
    if not known:
        raise MuxlabError("there are no bug cards in this project: they stay with the instructor")
    close = difflib.get_close_matches(name, sorted({card.name for card in known}), n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "./muxlab bug list names them all"
    raise MuxlabError(f"no bug card is called '{text}': {hint}")


def read_card(path: Path) -> Card:
    """Raises MuxlabError if the card is not as it should be: cards are written by hand."""
    text = path.read_text(encoding="utf-8")
    start = re.search(r"^(diff --git |--- a/)", text, re.MULTILINE)
    if start is None:
        raise MuxlabError(f"{path.name} holds no patch: it should be what git diff prints, below the card's lines")
    fields = _fields(path, text[: start.start()])
    lacking = [name for name in REQUIRED if name not in fields]
    if lacking:
        raise MuxlabError(f"{path.name} does not say '{lacking[0]}: …' above its first hunk")
    preset, *flags = fields.get("Build it", "dev").split()
    scenario, beat = _scenario(path, fields.get("Scenario", ""))
    return Card(
        path,
        fields["Title"],
        fields["Pitfall"],
        fields["What happens"],
        tuple(fields["Caught by"].replace(",", " ").split()),
        fields["Watch it"],
        scenario,
        beat,
        fields.get("No trace", ""),
        fields["Fix"],
        preset,
        tuple(flags),
        text[start.start() :],
    )


def _scenario(path: Path, text: str) -> tuple[str, int]:
    """'slow-reader', or 'slow-reader, beat 5'."""
    found = re.fullmatch(r"([\w-]*)(?:, beat (\d+))?", text)
    if found is None:
        raise MuxlabError(f"{path.name}: '{text}' should be the name of a scenario, or 'NAME, beat N'")
    return found[1], int(found[2] or 0)


def _fields(path: Path, head: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in _logical_lines(path, head):
        if name not in REQUIRED + OPTIONAL:
            raise MuxlabError(f"{path.name} says '{name}:', which no card does: {', '.join(REQUIRED + OPTIONAL)}")
        if name in fields:
            raise MuxlabError(f"{path.name} says '{name}:' twice")
        if not value:
            raise MuxlabError(f"{path.name} says nothing after '{name}:'")
        fields[name] = value
    return fields


def _logical_lines(path: Path, head: str) -> Iterator[tuple[str, str]]:
    """A line that begins with two blanks goes on with the one before."""
    joined = re.sub(r"\n {2,}", " ", head)
    for line in filter(str.strip, joined.splitlines()):
        name, colon, value = line.partition(":")
        if not colon:
            raise MuxlabError(f"{path.name}: '{line[:40]}' should be 'Name: text', or begin with two blanks")
        yield name, value.strip()
