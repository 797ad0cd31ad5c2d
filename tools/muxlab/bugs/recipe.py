"""How a program is built, asked of ninja: what compiles each object, what each object is made from, what links them."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from muxlab.children import run_lines
from muxlab.errors import MuxlabError
from muxlab.project import Project


@dataclass(frozen=True)
class Unit:
    command: tuple[str, ...]
    source: str
    object: str
    """As ninja names it: below the build folder."""
    made_from: frozenset[str]
    """The source, and every header that it includes."""


@dataclass(frozen=True)
class Recipe:
    folder: Path
    """The commands' working folder."""
    program: str
    units: tuple[Unit, ...]
    """All objects of the program: its own, and those in the archives that it is linked with."""
    link: tuple[str, ...]

    @property
    def archives(self) -> list[Path]:
        return [self.folder / word for word in self.link if word.endswith(".a") and (self.folder / word).is_file()]


def recipe_of(project: Project, preset: str, target: str) -> Recipe:
    """Of a program that is up to date: the headers are those that the compiler saw when it was built."""
    folder = project.build_dir(preset)
    program = f"bin/{target}"
    headers = _headers(_ninja(folder, "deps"))
    units = []
    link: tuple[str, ...] = ()
    for line in _ninja(folder, "commands", program).splitlines():
        for words in _commands(line):
            output = _after(words, "-o")
            if output and "-c" in words:
                source = _after(words, "-c")
                units.append(Unit(words, source, output, headers.get(output, frozenset()) | {source}))
            elif output == program:
                link = words
    if not link:
        raise MuxlabError(f"nothing in build/{preset} links {program}: is it a C++ program?")
    return Recipe(folder, program, tuple(units), link)


def _ninja(folder: Path, *arguments: str) -> str:
    ninja = shutil.which("ninja") or shutil.which("ninja-build") or "ninja"
    code, output = run_lines([ninja, "-C", str(folder), "-t", *arguments], cwd=folder)
    if code != 0:
        raise MuxlabError(f"ninja -t {arguments[0]} failed", output)
    return output


def _commands(line: str) -> list[tuple[str, ...]]:
    """': && c++ … && :' → the commands between."""
    found: list[list[str]] = [[]]
    for word in shlex.split(line):
        if word == "&&":
            found.append([])
        else:
            found[-1].append(word)
    return [tuple(words) for words in found]


def _after(words: Sequence[str], option: str) -> str:
    place = words.index(option) + 1 if option in words else len(words)
    return words[place] if place < len(words) else ""


def _headers(deps: str) -> dict[str, frozenset[str]]:
    """'main.cpp.o: #deps 3, …', then a line for each file."""
    found: dict[str, frozenset[str]] = {}
    for block in deps.split("\n\n"):
        head, *files = block.strip().splitlines() or [""]
        if name := re.match(r"(.+): #deps ", head):
            found[name[1]] = frozenset(file.strip() for file in files)
    return found
