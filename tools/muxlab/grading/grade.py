"""Grades programs: finds the tests, runs them with the crew, and makes a report of the replies."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from muxlab.grading import Tools, calibrate
from muxlab.grading.crew import Catalogue, Crew, Reply, WrongChoice
from muxlab.grading.member import Task
from muxlab.grading.points import shares
from muxlab.grading.results import BuildError, Failure, LabResult, Report, Result, Status, Test
from muxlab.project import Lab, Project

TEST_SECONDS = 120.0  # a backstop far above what the instruments allow themselves; longer on a slow machine
RETELL_SECONDS = 60.0
WORKERS = 2
INSIDE = "tests/graded/test_inside.py"
"""The tests that are linked with the lab's own classes."""


@dataclass(frozen=True)
class Program:
    """What is graded for a lab."""

    lab: Lab
    executable: Path
    tools: Tools
    again: str
    """The command that grades it once more."""
    build_error: BuildError | None = None
    sanitized: Path | None = None
    """The same, built with AddressSanitizer, for the tests that need that."""

    def executable_for(self, test: Test) -> Path:
        return self.sanitized if self.sanitized is not None and test.wants_sanitizer else self.executable


@dataclass(frozen=True)
class Wishes:
    seed: int
    keyword: str = ""
    any_mechanism: bool = False
    """Without the tests about the mechanism: a server in another style is excused from them."""
    told: int | None = None
    """How many failures of each lab are told with their last calls, which takes a second run; None: all."""
    workers: int = WORKERS


Listener = Callable[[Test, Reply], None]


class Grading:
    """A crew at work: `with Grading(project, wishes) as grading:`. Building may go on while it loads the tests."""

    def __init__(self, project: Project, wishes: Wishes) -> None:
        self._wishes = wishes
        self._started = time.monotonic()
        self._crew = Crew(project, wishes.keyword, wishes.workers)

    def __enter__(self) -> Grading:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.__exit__(*_)

    def listed(self, labs: Sequence[Lab]) -> list[tuple[Test, int]]:
        """The tests with what they are worth, in tenths of a point."""
        tests = self.tests_for(labs)
        points = {lab.number: _points(self._crew.catalogue(), lab) for lab in labs}
        return [(test, points[test.lab][test.id]) for test in tests]

    def tests_for(self, labs: Sequence[Lab]) -> list[Test]:
        """Those that are to be run."""
        numbers = {lab.number for lab in labs}
        catalogue = self._crew.catalogue()
        chosen = [test for test in catalogue.tests if test.lab in numbers and test.id in catalogue.chosen]
        if self._wishes.any_mechanism:
            chosen = [test for test in chosen if not test.how]
        if not chosen:
            which = " ".join(sorted(numbers))
            raise WrongChoice(
                f"no test of lab {which} fits -k '{self._wishes.keyword}': ./muxlab grade {which} --list shows all"
                if self._wishes.keyword
                else f"there are no graded tests for lab {which}"
            )
        return chosen

    def grade(self, programs: Sequence[Program], on_reply: Listener = lambda test, reply: None) -> Report:
        catalogue = self._crew.catalogue()
        chosen = self.tests_for([program.lab for program in programs])
        by_lab = {program.lab.number: program for program in programs}
        scale = calibrate().scale
        tasks = [self._task(test, by_lab[test.lab], scale) for test in chosen if not by_lab[test.lab].build_error]
        replies = self._crew.run(tasks, TEST_SECONDS * scale, on_reply)
        labs = [_lab_result(program, catalogue, chosen, replies) for program in programs]
        troubles = (self._crew.trouble,) if self._crew.trouble else ()
        told = [self._retold(lab, by_lab[lab.lab.number], scale) for lab in labs]
        return Report(
            tuple(told),
            self._wishes.seed,
            {number: program.again for number, program in by_lab.items()},
            keyword=self._wishes.keyword,
            seconds=time.monotonic() - self._started,
            troubles=troubles,
        )

    def _task(self, test: Test, program: Program, scale: float, *, retell: bool = False) -> Task:
        return Task(test, program.executable_for(test), program.tools.folder, self._wishes.seed, scale, retell)

    def _retold(self, lab: LabResult, program: Program, scale: float) -> LabResult:
        """The failures that are shown in full, with the calls that led to them."""
        tasks = [
            self._task(result.test, program, scale, retell=True)
            for result in lab.told(self._wishes.told)
            if "LEAKS" not in result.test.needs  # they do not show under strace
        ]
        replies = self._crew.run(tasks, RETELL_SECONDS * scale)
        calls = {name: reply.failure for name, reply in replies.items() if reply.failure and reply.failure.calls}
        results = [dataclasses.replace(r, failure=_with_calls(r.failure, calls.get(r.test.id))) for r in lab.results]
        return dataclasses.replace(lab, results=tuple(results))


def _with_calls(first: Failure | None, second: Failure | None) -> Failure | None:
    """The first telling is the verdict. The second adds the calls, if it came to the same."""
    if first is None or second is None or first.outcome != second.outcome or len(first.steps) != len(second.steps):
        return first
    return dataclasses.replace(first, calls_title=second.calls_title, calls=second.calls)


def _lab_result(program: Program, catalogue: Catalogue, chosen: Sequence[Test], replies: dict[str, Reply]) -> LabResult:
    points = _points(catalogue, program.lab)
    results = []
    for test in chosen:
        if test.lab == program.lab.number:
            reply = replies.get(test.id) or _not_built(program)
            results.append(Result(test, reply.status, points[test.id], reply.failure, reply.seconds))
    return LabResult(program.lab, str(program.executable), tuple(results), sum(points.values()), program.build_error)


def _not_built(program: Program) -> Reply:
    error = program.build_error
    assert error is not None, "every task has a reply"
    return Reply(Status.FAILED, Failure(error.message, details=tuple(error.details.splitlines())))


def _points(catalogue: Catalogue, lab: Lab) -> dict[str, int]:
    return shares({test.id: test.weight for test in catalogue.tests if test.lab == lab.number})
