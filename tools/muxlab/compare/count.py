"""Cuts a trace into the scenes of scenario.py, and counts what happened in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from muxlab.compare.copies import Copied, copied
from muxlab.compare.scenario import MARK
from muxlab.errors import MuxlabError
from muxlab.strace.decode import Control, Step, Transfer, Wait


@dataclass(frozen=True)
class Split:
    """System calls by what they are for."""

    wait: int
    receive: int
    send: int
    other: int

    @property
    def total(self) -> int:
        return self.wait + self.receive + self.send + self.other


@dataclass(frozen=True)
class Scene:
    """What the server did while the clients played one scene. The client that sets the marks is left out."""

    name: str
    steps: tuple[Step, ...]

    @property
    def waits(self) -> list[Wait]:
        return [step for step in self.steps if isinstance(step, Wait)]

    @property
    def controls(self) -> list[Control]:
        return [step for step in self.steps if isinstance(step, Control)]

    @property
    def transfers(self) -> list[Transfer]:
        return [step for step in self.steps if isinstance(step, Transfer)]

    def split(self) -> Split:
        kinds = Counter(_kind(step) for step in self.steps)
        return Split(kinds["wait"], kinds["receive"], kinds["send"], kinds["other"])

    def events(self) -> int:
        """Descriptors reported, all waits together."""
        return sum(len(wait.ready) for wait in self.waits)

    def reported(self) -> list[tuple[str, ...]]:
        """The bits of each event, in order."""
        return [event.bits for wait in self.waits for event in wait.ready]

    def copied(self) -> list[Copied]:
        return [copied(wait) for wait in self.waits]

    def receives(self) -> list[Transfer]:
        return [step for step in self.transfers if not step.outward]


def scenes(steps: Sequence[Step], *, written: bool = False) -> Mapping[str, Scene]:
    """By name. Steps are in the order in which the calls returned. The marks are received, or written by the program.

    A wait belongs to the scene in which it returns: it is entered when the work of the scene before is done. What
    concerns nobody but the client that sets the marks is no part of any scene.
    """
    marks = [index for index, step in enumerate(steps) if _mark(step, written) is not None]
    if not marks:
        raise MuxlabError("the trace has no marks in it: were all of its threads traced?")
    found: dict[str, Scene] = {}
    for begin, end in zip(marks, [*marks[1:], len(steps)], strict=True):
        marker = _descriptor(steps[begin])
        name = _mark(steps[begin], written)
        if name:
            found[name] = Scene(name, tuple(_without(marker, steps[begin + 1 : end])))
    return found


def _kind(step: Step) -> str:
    if isinstance(step, Wait):
        return "wait"
    if isinstance(step, Transfer):
        return "send" if step.outward else "receive"
    return "other"


def _mark(step: Step, written: bool) -> str | None:
    """The name in a mark; empty for one that only ends a scene."""
    if isinstance(step, Transfer) and step.outward == written and step.data.startswith(MARK):
        return step.data[len(MARK) :].decode("latin-1").rstrip("\n")
    return None


def _descriptor(step: Step) -> int:
    assert isinstance(step, Transfer)
    return step.fd


def _without(marker: int, steps: Iterable[Step]) -> Iterable[Step]:
    for step in steps:
        if isinstance(step, Transfer) and step.fd == marker:
            continue
        if isinstance(step, Wait):
            others = tuple(event for event in step.ready if event.fd != marker)
            if step.ready and not others:
                continue
            yield replace(step, ready=others)
        else:
            yield step
