"""All that the page shows, typed: gathered from files (gather.py), written as HTML (page.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from muxlab.compare.model import Report

Json: TypeAlias = Mapping[str, Any]
"""A trace, schema muxlab-trace/1, or what 00_readiness --json prints."""


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    low: float
    high: float
    """The smallest and the greatest sample; all three are the same when there is only one."""


@dataclass(frozen=True)
class Series:
    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Axis:
    title: str
    """With the unit: 'CPU per message (µs)'."""
    log: bool = False


@dataclass(frozen=True)
class Curve:
    """One chart."""

    id: str
    title: str
    says: str
    """One sentence: what it shows, and how to read it."""
    command: str
    """What to type to measure it again."""
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    rows: tuple[str, ...] = ()
    """Not a line over x but a row for each of these names: a point's x is its place in here."""
    measured: str = ""
    """Where and when, if not with all the rest of the page."""


@dataclass(frozen=True)
class Card:
    """A bug card: the text above the first hunk of labs/LAB/bugs/NAME.patch, and the patch itself."""

    lab: str
    """The lab's folder."""
    name: str
    fields: Mapping[str, str]
    """'Title', 'Pitfall', 'What happens', 'Caught by', 'Watch it', 'Fix'."""
    diff: str
    broken: Json | None = None
    fixed: Json | None = None
    """Recorded traces of the same clients, when there are any."""

    @property
    def title(self) -> str:
        return self.fields.get("Title", self.name)


@dataclass(frozen=True)
class Contents:
    comparison: Report | None = None
    traces: Sequence[Json] = ()
    """Each names its scenario and its lab; the order of the scenarios is the order in the picker."""
    offered: Sequence[Json] = ()
    """Scenarios (id, title, what) that ./muxlab serve can record, whether they are recorded yet or not."""
    readiness: Json | None = None
    cards: Sequence[Card] = ()
    curves: Sequence[Curve] = ()
    """From the benchmark; those that compare itself measures are made from the comparison."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Why a part is empty, by the section's id: one sentence that says the way out."""
