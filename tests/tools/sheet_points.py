"""The table of points in each lab's README. As a program, it writes all of them anew: for whoever adds a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muxlab.grading.crew import Crew
from muxlab.grading.points import PER_LAB, shares
from muxlab.grading.results import Test
from muxlab.project import SERVERS, Lab, Project

THEMES = {
    "accepting": "clients that connect: together, in vain, too many",
    "contract": "options, exit codes, one line that says what is wrong",
    "descriptors": "descriptors: registered, closed once, forgotten",
    "exhausted": "no descriptors left, no memory left",
    "inside": "the event loop and the wakers by themselves",
    "mechanism": "what it sleeps in, and how it is woken",
    "poll": "several clients, or several bits, at the same time",
    "reading": "reading, and the end of a client",
    "select": "what select is asked and answers, and what it cannot take",
    "shutdown": "time-outs, signals, the end, the log",
    "wakeup": "which thread does what",
    "writing": "replies that have to wait",
}
"""By file of tests/graded/, for a student."""


def points_table(tests: Sequence[Test], lab: Lab) -> str:
    """What gives most comes first."""
    of_lab = [test for test in tests if test.lab == lab.number]
    tenths = shares({test.id: test.weight for test in of_lab})
    groups: dict[str, list[int]] = {}
    for test in of_lab:
        groups.setdefault(_theme(lab, test.file), []).append(tenths[test.id])
    rows = sorted(groups.items(), key=lambda row: (-sum(row[1]), row[0]))
    assert sum(tenths.values()) == PER_LAB
    lines = ["| what | tests | points |", "|---|--:|--:|"]
    lines += [f"| {theme} | {len(points)} | {sum(points) / 10:.1f} |" for theme, points in rows]
    return "\n".join([*lines, f"| together | {len(of_lab)} | 100.0 |"]) + "\n"


def _theme(lab: Lab, file: str) -> str:
    if Path(file).stem == "test_select" and lab.number != "01":
        return "clients that leave"
    return THEMES[Path(file).stem.removeprefix("test_")]


def main() -> None:
    project = Project.here()
    with Crew(project, "", 1) as crew:
        tests = crew.catalogue().tests
    for lab in SERVERS:
        path = project.folder(lab) / "README.md"
        text = path.read_text()
        path.write_text(text[: text.index("| what | tests | points |")] + points_table(tests, lab))


if __name__ == "__main__":
    main()
