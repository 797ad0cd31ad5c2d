"""Looks for solutions in what is handed out, wherever they are: another lab, a test, a page of documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from muxlab.handout.bodies import Body

RUN = 8  # tokens in a row that two texts have in common: fewer are just how C++ is written
SHARE = 0.5  # of a body's runs: a text that contains more of them is the solution, give or take a name
PIECE = 40  # runs, about five lines: a text that contains as many gives away too much of a long body as well

TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\w+|::|->|\+\+|--|&&|\|\||[=!<>]=|[^\s\w]')
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Leak:
    body: Body
    path: str
    line: int
    share: float


def find_leaks(bodies: Sequence[Body], files: Iterable[tuple[str, str]]) -> Iterator[Leak]:
    """Where a text shows a body that was taken out: in the same words, whatever the layout and the comments."""
    wanted = []
    for body in bodies:
        tokens = _tokens(body.text)
        length = min(RUN, len(tokens))
        wanted.append((body, length, _runs(tokens, length)))
    for path, text in files:
        tokens = _tokens(text)
        places = {length: _runs(tokens, length) for length in {length for _, length, _ in wanted}}
        for body, length, runs in wanted:
            common = [places[length][run] for run in runs if run in places[length]]
            if len(common) > min(SHARE * len(runs), PIECE):
                yield Leak(body, path, min(common), len(common) / len(runs))


def _tokens(text: str) -> list[tuple[str, int]]:
    """With the line of each; without comments."""
    text = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    return [(token, number) for number, line in enumerate(text.splitlines(), 1) for token in TOKEN.findall(line)]


def _runs(tokens: Sequence[tuple[str, int]], length: int) -> dict[tuple[str, ...], int]:
    """Every run of so many tokens, and the line where it starts first."""
    words = [word for word, _ in tokens]
    runs: dict[tuple[str, ...], int] = {}
    for start in range(len(words) - length + 1):
        runs.setdefault(tuple(words[start : start + length]), tokens[start][1])
    return runs
