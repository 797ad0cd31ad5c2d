"""The project's README in a handout, in each language: what it says about files that are not handed out goes."""

from __future__ import annotations

import re
from collections.abc import Set

READMES = ("README.md", "README.zh-CN.md")
ROWS = ("|", "English · ", "[English]")  # of tables, and the line that leads to the other language
LINK = re.compile(r"\]\(([^)#:]+)\)")


def without_dead_links(text: str, paths: Set[str]) -> str:
    """Without the rows of tables, and without the sections, that link to files which are not among these. Without the
    line that leads to the other language, if that is not here."""
    sections = re.split(r"^(?=#+ )", text, flags=re.MULTILINE)
    return "".join(_section(section, paths) for section in sections)


def _section(text: str, paths: Set[str]) -> str:
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not (line.startswith(ROWS) and _is_dead(line, paths))]
    return "" if any(_is_dead(line, paths) for line in kept) else "".join(kept)


def _is_dead(line: str, paths: Set[str]) -> bool:
    return any(target not in paths for target in LINK.findall(line))
