"""What must hold for every deck before anybody stands in front of it."""

from __future__ import annotations

import re

from muxlab.bugs.card import cards
from muxlab.errors import MuxlabError
from muxlab.project import Project
from muxlab.slides.deck import FEWEST, MOST, Deck
from muxlab.slides.page import page_of


def static_problems(project: Project, deck: Deck) -> list[str]:
    """Without a browser: names that lead nowhere, too many slides or too few, slides without notes, broken links."""
    found = []
    if not FEWEST <= len(deck.slides) <= MOST:
        found.append(f"{deck.path.name}: {len(deck.slides)} slides, not {FEWEST} to {MOST}")
    found += [
        f"{deck.path.name}:{slide.line}: slide {slide.number} has minutes, but no notes"
        for slide in deck.slides
        if len(slide.notes) < 40
    ]
    try:
        page = page_of(project, deck)
    except MuxlabError as error:
        return [*found, str(error)]
    found += [f"{deck.path.name}: {one}" for one in _broken_links(project, page)]
    found += [f"{deck.path.name}: {one}" for one in _missing_files(project, deck)]
    found += [f"{deck.path.name}: {one}" for one in _unknown_ids(project, deck)]
    return found


def _broken_links(project: Project, page: str) -> list[str]:
    """A page loads only what lies beside it, and links only there or to the decks."""
    beside = {"theme.css", "measure.js", "index.html"}
    beside |= {f"{path.stem}.html" for path in (project.root / "slides").glob("*.md")}
    found = []
    for attribute, target in re.findall(r'\b(href|src)="([^"]+)"', page):
        if target.startswith(("data:", "#", "reveal/")) or target.partition("#")[0] in beside:
            continue
        found.append(f"{attribute} {target} leads out of the slides, which need no network")
    return found


def _missing_files(project: Project, deck: Deck) -> list[str]:
    """Paths of this project that a slide mentions: `slides/try/key.py`, `labs/03_epoll_lt/`."""
    text = deck.path.read_text(encoding="utf-8")
    named = re.findall(r"\b((?:labs|slides|common|docs|tests|bench)/[\w./-]*\w)", text, re.ASCII)
    return [f"{name} is not here" for name in dict.fromkeys(named) if not (project.root / name).exists()]


def _unknown_ids(project: Project, deck: Deck) -> list[str]:
    """Bug cards that a slide or its notes mention: `04.et-single-read`."""
    named = re.findall(r"\b(0\d\.[a-z][a-z-]+)\b", deck.path.read_text(encoding="utf-8"), re.ASCII)
    known = {card.id for card in cards(project)}
    return [f"{name} is no bug card" for name in dict.fromkeys(named) if name not in known]
