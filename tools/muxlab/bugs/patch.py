"""Applies a card's patch to copies of the files that it changes; says which function is to blame if it does not fit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from muxlab.bugs.card import Card
from muxlab.errors import MuxlabError
from muxlab.project import Project


@dataclass(frozen=True)
class Hunk:
    file: str
    line: int
    """Where it begins in the file as the card's author had it."""
    function: str
    """As git took it from the file: the last line above that begins in the first column. May be empty."""

    def __str__(self) -> str:
        name = re.search(r"([\w:~]+)\s*\(", self.function)
        return f"{name[1]} in {self.file}" if name else f"line {self.line} of {self.file}"


def hunks(diff: str) -> list[Hunk]:
    found = []
    file = ""
    for line in diff.splitlines():
        if line.startswith("--- "):
            file = line[4:].removeprefix("a/")
        elif head := re.match(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@ ?(.*)", line):
            found.append(Hunk(file, int(head[1]), head[2]))
    return found


def apply_card(project: Project, card: Card, folder: Path) -> list[Path]:
    """Puts the files that the patch changes, and no others, into the folder, with the mistake in them."""
    copies = []
    for name in card.files:
        source = project.root / name
        if not source.is_file():
            raise MuxlabError(f"{card.id} no longer applies: there is no {name} any more")
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
        copies.append(copy)
    refused = _git_apply(card.diff, folder)
    if refused:
        where = _culprit(card.diff, refused)
        raise MuxlabError(f"{card.id} no longer applies: {where} is not what the card was written for", refused)
    return copies


def _git_apply(diff: str, folder: Path) -> str:
    """What git has against it; empty if it applied."""
    # Inside a repository git would look for the patch's files from its top on. So it must not find one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["GIT_CEILING_DIRECTORIES"] = str(folder.resolve().parent)
    try:
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"],
            cwd=folder,
            env=environment,
            input=diff,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise MuxlabError("git is not installed: bug cards are patches that git applies") from None
    return done.stderr.strip() or f"git apply: exit code {done.returncode}" if done.returncode else ""


def _culprit(diff: str, refused: str) -> str:
    """'error: patch failed: labs/…/select_server.cpp:63' names the hunk; the hunk names the function."""
    for failed in re.finditer(r"patch failed: (\S+):(\d+)", refused):
        for hunk in hunks(diff):
            if (hunk.file, hunk.line) == (failed[1], int(failed[2])):
                return str(hunk)
    return " and ".join(dict.fromkeys(str(hunk) for hunk in hunks(diff)))
