"""A few pytest processes that run graded tests. One that dies or hangs costs the test it had, and is replaced.

Whatever happens to them, every test has a reply in the end: this process keeps the account, they only report.
"""

from __future__ import annotations

import re
import selectors
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from muxlab.errors import MuxlabError
from muxlab.grading.member import Member, Task
from muxlab.grading.results import Failure, Status, Test, failed_by
from muxlab.grading.starts import Starts
from muxlab.handout.settings import hidden_tests
from muxlab.project import Project

HANGS = "it takes too long"


class CannotGrade(MuxlabError):  # noqa: N818 (it reads as a sentence)
    """The tests cannot be run."""


class WrongChoice(MuxlabError):  # noqa: N818
    """-k cannot be read, or no test fits it."""


@dataclass(frozen=True)
class Catalogue:
    tests: tuple[Test, ...]
    """All there are, in the order of their files."""
    chosen: frozenset[str]
    """The ids of those that -k chooses."""


@dataclass(frozen=True)
class Reply:
    status: Status
    failure: Failure | None = None
    seconds: float = 0.0

    @property
    def reason(self) -> str:
        return self.failure.reason if self.failure else ""


class Crew:
    """`with Crew(project, keyword, size) as crew:`; leaving the block ends every process."""

    def __init__(self, project: Project, keyword: str, size: int) -> None:
        self._project = project
        self._keyword = keyword
        self._hidden = {re.sub(r"^\d\d\.", "", name) for name in hidden_tests(project)}
        self._members = [Member(project, keyword) for _ in range(size)]
        self._catalogue: Catalogue | None = None
        self._waiting: deque[Task] = deque()
        self._starts = Starts()
        self._retried: set[str] = set()
        self.trouble = ""
        """Why there is nobody left who could run tests."""

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.end()

    def catalogue(self) -> Catalogue:
        """Which tests there are: waits until the first process has loaded them."""
        while self._catalogue is None:
            for member in self._who_has_news():
                self._hear(member)
        return self._catalogue

    def run(
        self, tasks: Sequence[Task], seconds: float, on_reply: Callable[[Test, Reply], None] = lambda test, reply: None
    ) -> dict[str, Reply]:
        """A reply for each task. `seconds` is the backstop for each: what takes longer hangs."""
        self._waiting.extend(tasks)
        replies: dict[str, Reply] = {}
        while self._members and (self._waiting or any(member.task for member in self._members)):
            for member in self._members:
                if self._waiting and member.ready and member.task is None:
                    member.give(self._starts.prepared(self._waiting.popleft()), seconds)
            for member in self._who_has_news():
                task = member.task
                reply = self._hear(member)
                if task is not None and reply is not None:
                    self._starts.heard(task, reply.status, reply.failure)
                    replies[task.test.id] = reply
                    on_reply(task.test, reply)
        while self._waiting:
            replies[self._waiting.popleft().test.id] = Reply(Status.BROKEN, failed_by(self.trouble))
        return replies

    def _who_has_news(self) -> list[Member]:
        """Those that have said something, or should have."""
        awaited = [member for member in self._members if member.task or not member.ready]
        with selectors.DefaultSelector() as selector:
            for member in awaited:
                selector.register(member, selectors.EVENT_READ)
            patience = min((member.deadline for member in awaited), default=0.0) - time.monotonic()
            speaking = [key.fileobj for key, _ in selector.select(max(0.0, patience))]
        return [member for member in awaited if member in speaking or member.late]

    def _hear(self, member: Member) -> Reply | None:
        """The reply for the test it had, if that is decided now."""
        messages = None if member.late else member.read()
        if messages is None:
            return self._replace(member)
        for message in messages:
            if "tests" in message:
                self._receive_catalogue(member, message)
            elif "began" in message:
                member.began = True
            elif member.task is not None and message["test"] == member.task.test.id:
                member.task = None
                return _reply(message)
        return None

    def _receive_catalogue(self, member: Member, message: dict[str, Any]) -> None:
        if message["faults"]:
            self._dismiss(member)
            self._give_up("the graded tests are not in order", message["faults"])
            return
        member.ready = True
        if self._catalogue is None:
            tests = tuple(self._hidden_or_not(Test.from_json(test)) for test in message["tests"])
            self._catalogue = Catalogue(tests, frozenset(message["chosen"]))

    def _hidden_or_not(self, test: Test) -> Test:
        """Hidden by its declaration, or because handouts go without it: as there, in whichever lab it is."""
        return replace(test, hidden=test.hidden or test.name in self._hidden or test.file in self._hidden)

    def _replace(self, member: Member) -> Reply | None:
        """It has died or hangs."""
        how = HANGS if member.late else member.how_it_ended()
        words = member.last_words()
        self._dismiss(member)
        if not member.ready:
            self._complain_about_choice(words)
            self._give_up(f"the tests cannot be loaded: {how}", words)
            return None
        self._members.append(Member(self._project, self._keyword))
        task = member.task
        if task is not None and not member.began and task.test.id not in self._retried:
            self._retried.add(task.test.id)  # it died of something before: that shall not cost this test
            self._waiting.appendleft(task)
            return None
        if how == HANGS:
            return Reply(Status.FAILED, failed_by("the test does not come to an end"))
        return Reply(Status.BROKEN, failed_by(f"the process that runs the tests has ended in this one: {how}", words))

    def _dismiss(self, member: Member) -> None:
        member.end()
        self._members.remove(member)

    def _complain_about_choice(self, words: list[str]) -> None:
        said = [line.removeprefix("ERROR: ") for line in words if line.startswith("ERROR: ")]
        if self._keyword and any("-k" in line for line in said):
            raise WrongChoice(f"-k '{self._keyword}' is not an expression that pytest can read: {said[0]}")

    def _give_up(self, why: str, words: list[str]) -> None:
        """The tests do not load, and will not the next time."""
        if not self._members:
            self.trouble = why
            if self._catalogue is None:
                raise CannotGrade(why, "\n".join(words))


def _reply(message: dict[str, Any]) -> Reply:
    status = Status(message.get("status", Status.FAILED.value))
    told = message["failure"]
    return Reply(status, Failure.from_json(told) if told else None, message.get("seconds", 0.0))
