"""Takes hidden tests out of the graded suite, together with their hints."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence

import tomli

from muxlab.errors import MuxlabError
from muxlab.handout.settings import closest

SUITE = "tests/graded/"
HINTS = f"{SUITE}hints.toml"


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
    wanted = {re.sub(r"^\d\d\.", "", name) for name in hidden if "/" not in name}
    known: set[str] = set()
    for path in paths:
        if re.fullmatch(rf"{SUITE}test_\w+\.py", path) and path not in changed:
            source = read(path).decode()
            tests = _tests(source)
            known |= tests.keys()
            if here := wanted & tests.keys():
                changed[path] = _without_lines(source, [tests[name] for name in here]).encode()
    for name in sorted(wanted - known):
        raise MuxlabError(f"hidden_tests: no test of {SUITE} is called {name}{closest(name, sorted(known))}")
    if wanted and HINTS in paths:
        changed[HINTS] = _without_hints(read(HINTS).decode(), wanted).encode()
    return changed


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


def _without_hints(source: str, names: set[str]) -> str:
    before: Mapping[str, object] = tomli.loads(source)
    kept = []
    skipping = False
    for line in source.splitlines(keepends=True):
        if header := re.match(r"\[([\w-]+)\]\s*(#.*)?$", line):
            skipping = header[1] in names
        if not skipping:
            kept.append(line)
    after = "".join(kept)
    if tomli.loads(after) != {name: hints for name, hints in before.items() if name not in names}:
        raise MuxlabError(f"{HINTS}: the hints of {', '.join(sorted(names))} cannot be told from the others")
    return after
