"""Reads labs/NN_…/handout.toml: which functions of a lab the students write, and what is not for them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

import tomli

from muxlab.errors import MuxlabError
from muxlab.project import LABS, Lab, Project

FILE = "handout.toml"


@dataclass(frozen=True)
class Exercise:
    lab: Lab
    functions: dict[str, tuple[str, ...]]
    """By file, seen from the project's folder."""
    hidden_tests: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()


def read_exercise(project: Project, lab: Lab) -> Exercise:
    path = f"labs/{lab.folder}/{FILE}"
    try:
        text = (project.root / path).read_text()
    except FileNotFoundError:
        raise MuxlabError(f"{path} is missing: handouts are made from the whole project, not from a handout") from None
    try:
        settings = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise MuxlabError(f"{path}: {error}") from None
    known = ("functions", "hidden_tests", "leave_out")
    for key in settings:
        if key not in known:
            raise MuxlabError(f"{path} has no use for '{key}'{closest(key, known)}")
    functions = settings.get("functions", {})
    if not isinstance(functions, dict):
        raise MuxlabError(f"{path}: functions is a table, from a file to its functions")
    return Exercise(
        lab,
        {f"labs/{lab.folder}/{name}": _words(path, name, names) for name, names in functions.items()},
        _words(path, "hidden_tests", settings.get("hidden_tests", [])),
        _words(path, "leave_out", settings.get("leave_out", [])),
    )


def hidden_tests(project: Project) -> frozenset[str]:
    """What all labs hide together, tests and files. Nothing in a student's repository, where there are no settings."""
    labs = [lab for lab in LABS if (project.root / "labs" / lab.folder / FILE).exists()]
    return frozenset(name for lab in labs for name in read_exercise(project, lab).hidden_tests)


def _words(path: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise MuxlabError(f'{path}: {key} is a list of names: ["…", "…"]')
    return tuple(value)


def closest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """': did you mean X?', or nothing if nothing is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f": did you mean {near[0]}?" if near else ""
