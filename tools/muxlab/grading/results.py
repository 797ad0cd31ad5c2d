"""What grading comes to: tests, how each ended, and the score of each lab. Nothing here runs anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from muxlab.grading.story import DOES_NOT_START, NOT_TRIED, Failed, Step
from muxlab.project import Lab


class Status(Enum):
    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    """The grader could not judge, by its own fault. No points: what was not seen to work has not worked."""
    NOT_RUN = "not run"
    """An instrument is missing here. It does not count, neither way."""


@dataclass(frozen=True)
class Test:
    """One graded test in one lab."""

    id: str
    """'04.ten-kilobytes'."""
    title: str
    weight: int
    pitfalls: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Names of Instrument."""
    how: bool = False
    hidden: bool = False
    file: str = ""

    __test__ = False  # pytest would take the class for a test

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Test:
        return cls(**{**told, "pitfalls": tuple(told["pitfalls"]), "needs": tuple(told["needs"])})

    @property
    def lab(self) -> str:
        return self.id[:2]

    @property
    def name(self) -> str:
        return self.id[3:]

    @property
    def wants_sanitizer(self) -> bool:
        return "SANITIZER" in self.needs or "LEAKS" in self.needs


_LOGGED = re.compile(r"\s*\d+\.\d+ +\d+ (debug|info) ")  # common/log.hpp


@dataclass(frozen=True)
class Failure:
    """What a failed test has to tell; the same as Failed, but it travels."""

    outcome: str
    """What stands behind the step that failed: 'got 1,024, then nothing'."""
    steps: tuple[Step, ...] = ()
    details: tuple[str, ...] = ()
    died: tuple[str, ...] = ()
    calls_title: str = ""
    calls: tuple[str, ...] = ()

    @property
    def cause(self) -> tuple[str, ...]:
        """Why, as far as it is told: what a dead server said last, without its log and without numbers; or details."""
        said = (re.sub(r"\d+", "", line) for line in self.died if not _LOGGED.match(line))
        return tuple(said) if self.died else self.details

    @classmethod
    def of(cls, failed: Failed) -> Failure:
        return cls(failed.outcome, failed.steps, failed.details, failed.died, failed.calls_title, failed.calls)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Failure:
        return cls(
            told["outcome"],
            tuple(Step(**step) for step in told["steps"]),
            tuple(told["details"]),
            tuple(told["died"]),
            told["calls_title"],
            tuple(told["calls"]),
        )

    @property
    def was_tried(self) -> bool:
        """False if it is only concluded from other tests."""
        return self.details[-1:] != (NOT_TRIED,)

    @property
    def kind(self) -> object:
        """Failures of the same kind have the same to tell: all those of a server that does not start, for example."""
        if self.outcome == DOES_NOT_START:  # what it said may be different, or lost
            return self.outcome, re.sub(r"\d+", "", "".join(self.details[:1]).partition("): ")[0])
        return self.outcome, self.cause

    @property
    def reason(self) -> str:
        """In one line."""
        return f"{self.steps[-1].text}: {self.outcome}" if self.steps else self.outcome


@dataclass(frozen=True)
class Result:
    test: Test
    status: Status
    points: int
    """What the test is worth, in tenths of a point."""
    failure: Failure | None = None
    """What went wrong if it FAILED or is BROKEN, and why if it was NOT_RUN."""
    seconds: float = 0.0

    @property
    def earned(self) -> int:
        return self.points if self.status is Status.PASSED else 0

    @property
    def reason(self) -> str:
        return self.failure.reason if self.failure else ""

    @property
    def lost(self) -> bool:
        return self.status in (Status.FAILED, Status.BROKEN)

    @property
    def kind(self) -> object:
        return self.failure and self.failure.kind

    @property
    def is_early(self) -> bool:
        """It has failed before the test could ask for anything, or by dying: its last words say more than a hint."""
        return self.failure is not None and bool(self.failure.died or self.failure.outcome == DOES_NOT_START)


@dataclass(frozen=True)
class BuildError:
    """The program is not there: it does not build, or somebody else's does not exist."""

    message: str
    details: str = ""
    """The compiler's first error."""


@dataclass(frozen=True)
class LabResult:
    lab: Lab
    program: str
    results: tuple[Result, ...]
    total: int
    """Tenths of a point that all the lab's tests are worth, whether chosen or not."""
    build_error: BuildError | None = None

    @property
    def earned(self) -> int:
        return sum(result.earned for result in self.results)

    @property
    def possible(self) -> int:
        """What could be earned by the tests that ran."""
        return sum(result.points for result in self.results if result.status is not Status.NOT_RUN)

    @property
    def chosen(self) -> int:
        return sum(result.points for result in self.results)

    def having(self, *statuses: Status) -> list[Result]:
        return [result for result in self.results if result.status in statuses]

    @property
    def failed(self) -> list[Result]:
        """Tests with plain clients first: whoever fails those need not read about the rest yet. Then by points."""

        def order(result: Result) -> tuple[bool, bool, int]:
            tried = result.failure is None or result.failure.was_tried
            return not tried, bool(result.test.needs) or result.test.how, -result.points

        return sorted(self.having(Status.FAILED), key=order)

    def told(self, limit: int | None) -> list[Result]:
        """The failures to tell in full, at most so many. One of a kind, because those of a kind have one cause."""
        if self.build_error is not None:
            return []
        if limit is None:
            return self.failed
        kinds: dict[object, Result] = {}
        for result in self.failed:
            kinds.setdefault(result.kind, result)
        outcomes: dict[object, Result] = {}
        for result in kinds.values():
            outcomes.setdefault(result.failure and result.failure.outcome, result)
        different = [*outcomes.values(), *(result for result in kinds.values() if result not in outcomes.values())]
        return [result for result in self.failed if result in different[:limit]]


@dataclass(frozen=True)
class Report:
    labs: tuple[LabResult, ...]
    seed: int
    again: Mapping[str, str]
    """For each lab the command that grades it again as it was graded here, with this seed and without -k."""
    preset: str = "dev"
    keyword: str = ""
    official: bool = False
    seconds: float = 0.0
    troubles: tuple[str, ...] = field(default=())
    """Why grading could not be brought to its end, if it could not."""

    def results(self, *statuses: Status) -> list[Result]:
        return [result for lab in self.labs for result in lab.having(*(statuses or tuple(Status)))]

    @property
    def earned(self) -> int:
        return sum(lab.earned for lab in self.labs)

    @property
    def possible(self) -> int:
        return sum(lab.possible for lab in self.labs)

    @property
    def exit_code(self) -> int:
        """0: all that ran passed. 1: something failed. 3: could not be graded, or not all of it."""
        ran = self.results(Status.PASSED, Status.FAILED)
        unsure = self.results(Status.BROKEN) or (self.official and self.results(Status.NOT_RUN))
        if self.troubles or unsure or not ran:
            return 3
        return 1 if self.results(Status.FAILED) else 0

    def again_just(self, test: Test) -> str:
        """The command that runs just this test again."""
        return f"{self.again[test.lab]} -k {test.name} --seed {self.seed}"


def failed_by(message: str, details: Sequence[str] = ()) -> Failure:
    return Failure(message, details=tuple(details))
