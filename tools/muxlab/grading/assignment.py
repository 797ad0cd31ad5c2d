"""With what a graded test is run: the program, the instruments, the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from muxlab.grading import Deadlines, GradedTest, Instruments, LabUnderTest, Tools


@dataclass(frozen=True)
class Assignment:
    executable: Path
    tools: Tools
    seed: int
    deadlines: Deadlines
    does_not_start: tuple[str, ...] = ()
    """That is known, with these words: nobody tries again."""

    def lab(self, test: GradedTest, number: str, *, retelling: bool = False) -> LabUnderTest:
        lab = LabUnderTest(
            number,
            self.executable,
            seed=self.seed,
            tools=self.tools,
            deadlines=self.deadlines,
            retelling=retelling,
            does_not_start=self.does_not_start,
        )
        # A test's bytes do not depend on the tests before it, so that -k and the second telling repeat them.
        lab.rng = random.Random(f"{self.seed} {test.id_in(number)}")
        return lab

    def missing(self, test: GradedTest) -> str:
        """Why the test cannot be run here; empty if it can."""
        return instruments_for(self.executable, self.tools).missing(test.needs)


def instruments_for(executable: Path, tools: Tools) -> Instruments:
    """Finding out takes a moment: once for each build of a program."""
    changed = executable.stat().st_mtime_ns if executable.exists() else 0
    return _instruments(executable, tools, changed)


@lru_cache(maxsize=64)
def _instruments(executable: Path, tools: Tools, _: int) -> Instruments:
    return Instruments(executable, tools)
