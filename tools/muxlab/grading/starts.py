"""Programs that never start: after a few tests with the same answer the others get it without a try.

So a server that says its first line in other words costs a second, and not a minute. What a test does without a server
that listens (--help, a bad option) is done as ever.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from muxlab.grading.member import Task
from muxlab.grading.results import Failure, Status
from muxlab.grading.story import DOES_NOT_START, ENOUGH_STARTS, NOT_TRIED


@dataclass
class _Program:
    failures: list[Failure] = field(default_factory=list)
    """Its first verdicts, all of one kind: it does not start."""
    differs: bool = False
    """There was another verdict among the first: it starts sometimes, or for some other reason not."""
    undecided: set[str] = field(default_factory=set)
    """The tests that have it now."""
    awaited: set[str] = field(default_factory=set)
    """Of those, the ones that had it when there were enough failures. One of them may hold what the others wanted."""

    @property
    def is_given_up(self) -> bool:
        return len(self.failures) >= ENOUGH_STARTS and not self.differs and not self.awaited

    def is_like_the_others(self, failure: Failure) -> bool:
        return not self.failures or failure.kind == self.failures[0].kind


class Starts:
    """What the tests so far have seen of each program."""

    def __init__(self) -> None:
        self._programs: dict[Path, _Program] = {}

    def prepared(self, task: Task) -> Task:
        """The task as it is to be given to somebody."""
        program = self._programs.setdefault(task.executable, _Program())
        if task.retell:
            return task
        if program.is_given_up:
            return dataclasses.replace(task, does_not_start=(*program.failures[0].details, NOT_TRIED))
        program.undecided.add(task.test.id)
        return task

    def heard(self, task: Task, status: Status, failure: Failure | None) -> None:
        program = self._programs[task.executable]
        if task.retell or task.does_not_start:
            return
        decided = program.is_given_up
        program.undecided.discard(task.test.id)
        program.awaited.discard(task.test.id)
        if decided or status not in (Status.PASSED, Status.FAILED):
            return
        if failure is None or failure.outcome != DOES_NOT_START or not program.is_like_the_others(failure):
            program.differs = True
            return
        program.failures.append(failure)
        if len(program.failures) == ENOUGH_STARTS:
            program.awaited = set(program.undecided)
