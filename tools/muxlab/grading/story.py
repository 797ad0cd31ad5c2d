"""What a graded test tells: its steps, numbered, and how the failed one failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

OK = "ok"
DOES_NOT_START = "it does not start"
ENOUGH_STARTS = 5  # tests in which it does not: then the others are not to try
NOT_TRIED = f"(it was so in {ENOUGH_STARTS} tests: not started again for this one)"
"""The last detail of those others."""


@dataclass(frozen=True)
class Step:
    number: int
    text: str
    outcome: str
    """'ok', or what went wrong: 'got 1,024, then nothing'."""


class Failed(AssertionError):  # noqa: N818 (it reads as a sentence: the server has failed)
    """The server has failed the test. Printed in the order of design.md section 6."""

    def __init__(
        self,
        outcome: str,
        details: Sequence[str] = (),
        *,
        died: Sequence[str] = (),
        calls_title: str = "",
        calls: Sequence[str] = (),
    ) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        """What stands behind the step that failed."""
        self.details = tuple(details)
        """Expected and actual, as bytes; what the server is blocked in."""
        self.died = tuple(died)
        """The sanitizer's or the program's last words, if the server is dead."""
        self.calls_title = calls_title
        self.calls = tuple(calls)
        """The last system calls that matter, with their source lines where those are known."""
        self.steps: tuple[Step, ...] = ()

    @property
    def reason(self) -> str:
        return f"{self.steps[-1].text}: {self.outcome}" if self.steps else self.outcome

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        width = max((len(step.text) for step in self.steps), default=0)
        lines = [f"{step.number:3}  {step.text:{min(width, 84)}}   {step.outcome}" for step in self.steps]
        if not any(step.outcome == self.outcome for step in self.steps):
            lines.append(f"     {self.outcome}")
        lines += [f"     {line}" for line in self.details]
        if self.died:
            lines += ["     the last it said:", *(f"        {line}" for line in self.died)]
        if self.calls:
            lines += [f"     {self.calls_title}:", *(f"        {call}" for call in self.calls)]
        return lines


class Story:
    """The steps of one test so far."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._depth = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps)

    def note(self, text: str, outcome: str = OK) -> None:
        """A step that has been done."""
        if self._depth == 0:
            self._steps.append(Step(len(self._steps) + 1, text, outcome))

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """A step that is done inside. What is done inside a step is no step of its own: 'B pings' says it all."""
        self._depth += 1
        try:
            yield
        except Failed as failed:
            self._depth -= 1
            self.note(text, failed.outcome)
            self.attach(failed)
            raise
        except BaseException:
            self._depth -= 1
            raise
        self._depth -= 1
        self.note(text)

    def attach(self, failed: Failed) -> None:
        failed.steps = self.steps
