"""Takes hidden tests out of the graded suite, together with their hints."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Mapping, Sequence

import tomli

from muxlab.errors import MuxlabError
from muxlab.handout.settings import closest

SUITE = "tests/graded/"
HINTS = f"{SUITE}hints/"
INSIDE = f"{SUITE}test_inside.py"
HEADER = re.compile(r'\s*\[\s*"?([\w.-]+)"?\s*\]\s*(#.*)?$')


def without_hidden(
    paths: Sequence[str], read: Callable[[str], bytes], hidden: Sequence[str]
) -> dict[str, bytes | None]:
    """The files that change, and what is in them then; None stands for a file that goes altogether.

    A test is named by its id, with or without its lab (a test that grades several labs is hidden in all of them), or
    by its file.
    """
    changed: dict[str, bytes | None] = {name: None for name in hidden if "/" in name}
    for name in changed:
        if name not in paths:
            raise MuxlabError(f"hidden_tests: there is no {name}{closest(name, paths)}")
    wanted = {_without_lab(name) for name in hidden if "/" not in name}
    known: set[str] = set()
    gone: set[str] = set()
    for path in paths:
        if re.fullmatch(rf"{SUITE}test_\w+\.py", path):
            source = read(path).decode()
            tests = _tests(source)
            known |= tests.keys()
            here = tests.keys() if path in changed else wanted & tests.keys()
            if here and path == INSIDE:
                # Without them lab05_inside could not be built, and whoever builds it reads them.
                raise MuxlabError(f"hidden_tests: {min(here)} cannot be hidden: students build {SUITE}inside/ as well")
            gone |= here
            if here and path not in changed:
                changed[path] = _without_lines(source, [tests[name] for name in here]).encode()
    for name in sorted(wanted - known):
        raise MuxlabError(f"hidden_tests: no test of {SUITE} is called {name}{closest(name, sorted(known))}")
    for path in paths:
        if gone and path.startswith(HINTS) and path.endswith(".toml") and path not in changed:
            before = read(path).decode()
            if (after := _without_hints(path, before, gone)) != before:
                changed[path] = after.encode() if tomli.loads(after) else None
    return changed


def _without_lab(name: str) -> str:
    return re.sub(r"^\d\d\.", "", name)


def _tests(source: str) -> dict[str, tuple[int, int]]:
    """The first and the last line of each test, by its name, its decorators included."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name.removeprefix("test_").replace("_", "-")] = (first, node.end_lineno or node.lineno)
    return found


def _without_lines(source: str, ranges: Sequence[tuple[int, int]]) -> str:
    lines = source.splitlines(keepends=True)
    for first, last in sorted(ranges, reverse=True):
        start = first - 1
        while start > 0 and lines[start - 1].startswith("#"):  # what is said about the test
            start -= 1
        while last < len(lines) and not lines[last].strip():
            last += 1
        del lines[start:last]
    return "".join(lines).rstrip("\n") + "\n"


def _without_hints(path: str, source: str, names: set[str]) -> str:
    """Without the tables of these tests, and without what is said above one of them."""
    before: Mapping[str, object] = tomli.loads(source)
    lines = source.splitlines(keepends=True)
    starts: list[tuple[int, bool]] = []
    for number, line in enumerate(lines):
        if header := HEADER.match(line):
            while number > 0 and lines[number - 1].startswith("#"):
                number -= 1
            starts.append((number, _without_lab(header[1]) in names))
    for (start, hidden), (end, _) in reversed(list(itertools.pairwise([*starts, (len(lines), False)]))):
        if hidden:
            del lines[start:end]
    after = "".join(lines).rstrip("\n") + "\n"
    if tomli.loads(after) != {name: hints for name, hints in before.items() if _without_lab(name) not in names}:
        raise MuxlabError(f"{path}: the hints of {', '.join(sorted(names))} cannot be told from the others")
    return after
