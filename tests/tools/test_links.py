"""Every link of every page of text leads to a file that git knows, and to a heading that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from muxlab.handout.repository import tracked_files
from muxlab.project import Project
from stage import REPOSITORY

ROOT = Project(REPOSITORY).root
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the list of pages is git's")


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def faults(root: Path, name: str, known: set[str]) -> list[str]:
    found = []
    for link in LINK.findall(prose(root / name)):
        if re.match(r"[a-z]+:", link):
            continue  # of other people's sites nothing is claimed: tests need no network
        target, _, anchor = link.partition("#")
        page = (root / name).parent / target if target else root / name
        path = page.resolve().relative_to(root).as_posix()
        if path not in known and not any(file.startswith(f"{path}/") for file in known):
            found.append(f"{name}: {link} leads to no file that git knows")
        elif anchor and anchor not in anchors(page):
            found.append(f"{name}: {link} leads to no heading")
    return found


def test_every_link_of_every_page_leads_somewhere() -> None:
    known = {*tracked_files(ROOT)}
    pages = sorted(name for name in known if name.endswith(".md"))
    assert "README.md" in pages
    assert [fault for name in pages for fault in faults(ROOT, name, known)] == []


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# One\n[b](b.md#two) [c](#one) [d](d.md) [e](https://example.org)\n```\n[f](f.md)\n```\n"
    )
    (tmp_path / "b.md").write_text("# Three\n")
    assert faults(tmp_path, "a.md", {"a.md", "b.md"}) == [
        "a.md: b.md#two leads to no heading",
        "a.md: d.md leads to no file that git knows",
    ]
