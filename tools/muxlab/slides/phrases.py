"""What is generated on a slide, in the language of its deck: drawings, tables and bug cards are made in English."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

import tomli

from muxlab.bugs.card import Card
from muxlab.errors import MuxlabError
from muxlab.language import ENGLISH
from muxlab.project import Project


@dataclass(frozen=True)
class Phrases:
    """What has no translation stays in English: a test finds it."""

    language: str = ENGLISH
    """As in the name of the deck's file: en, zh-CN."""
    texts: Mapping[str, str] = field(default_factory=dict)
    cards: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, english: str) -> str:
        return self.texts.get(english, english)

    def html(self, english: str) -> str:
        return html.escape(self.of(english))

    def cause(self, card: Card) -> str:
        return self.cards.get(card.id, {}).get("cause", card.what_happens)

    def fix(self, card: Card) -> str:
        return self.cards.get(card.id, {}).get("fix", card.fix)

    @property
    def sheet(self) -> str:
        """A lab's sheet in this language."""
        return "README.md" if self.language == ENGLISH else f"README.{self.language}.md"


IN_ENGLISH = Phrases()


def phrases(project: Project, language: str) -> Phrases:
    """From slides/phrases.zh-CN.toml: its tables hold a text and its translation, cards.ID a card's cause and fix."""
    path = project.root / "slides" / f"phrases.{language}.toml"
    if not path.is_file():
        return Phrases(language)
    try:
        tables = tomli.loads(path.read_text(encoding="utf-8"))
    except tomli.TOMLDecodeError as error:
        raise MuxlabError(f"{path.name}: {error}") from error
    cards = tables.pop("cards", {})
    return Phrases(language, {english: text for table in tables.values() for english, text in table.items()}, cards)
