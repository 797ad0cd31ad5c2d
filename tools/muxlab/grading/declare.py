"""Declares a function to be a graded test: its title, its points, the pitfalls it catches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from muxlab.grading.instruments import Instrument

if TYPE_CHECKING:
    from muxlab.grading.lab import LabUnderTest

TestFunction: TypeAlias = "Callable[[LabUnderTest], None]"
_Function = TypeVar("_Function", bound="TestFunction")
_ATTRIBUTE = "muxlab_graded"


@dataclass(frozen=True)
class GradedTest:
    name: str
    """The function's, without test_ and with dashes: 'ten-kilobytes'."""
    title: str
    """A sentence about the server that a student understands, and that is true when the test passes."""
    points: Mapping[str, int]
    """What it is worth in each lab that it grades: {'01': 2, '04': 6}."""
    pitfalls: tuple[str, ...]
    needs: tuple[Instrument, ...]
    how: bool
    """It is about the mechanism, so that a correct server that waits in another way is excused."""
    hidden: bool
    function: TestFunction

    @property
    def labs(self) -> tuple[str, ...]:
        return tuple(sorted(self.points))

    def id_in(self, lab: str) -> str:
        return f"{lab}.{self.name}"


def graded(
    *,
    title: str,
    points: Mapping[str, int],
    pitfalls: Sequence[str] = (),
    needs: Sequence[Instrument] = (),
    how: bool = False,
    hidden: bool = False,
) -> Callable[[_Function], _Function]:
    """A decorator. The plugin finds the tests by what it leaves behind; there is no list to get out of step."""

    def declare(function: _Function) -> _Function:
        name = function.__name__
        if not name.startswith("test_"):
            raise ValueError(f"{name}: the name of a graded test starts with test_")
        if not points or any(len(lab) != 2 or not lab.isdigit() or worth < 0 for lab, worth in points.items()):
            raise ValueError(f"{name}: points are given for each lab, as in {{'01': 2, '04': 6}}")
        declared = GradedTest(
            name.removeprefix("test_").replace("_", "-"),
            title,
            dict(points),
            tuple(pitfalls),
            tuple(needs),
            how,
            hidden,
            function,
        )
        setattr(function, _ATTRIBUTE, declared)
        return function

    return declare


def declaration_of(function: object) -> GradedTest | None:
    declared = getattr(function, _ATTRIBUTE, None)
    return declared if isinstance(declared, GradedTest) else None
