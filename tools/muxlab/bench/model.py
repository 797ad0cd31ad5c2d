"""What the benchmark is about, and what it finds out: the tables and the JSON file are drawn from this alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

SCHEMA = "muxlab-bench"
VERSION = 1  # of the JSON file; a field that goes or changes its meaning makes it 2


class Part(str, Enum):
    """A kind of measurement. The value is what stands in the JSON file."""

    COUNT = "count"
    """User instructions and system calls per message: exact, and the figures to steer by."""
    ECHO = "echo"
    """Processor time per message, and what the clients see."""
    IDLE = "idle"
    """The same with many clients that say nothing."""
    WAKEUP = "wakeup"
    """Waking one thread from another."""


@dataclass(frozen=True)
class Subject:
    """A program that is measured; or, in the part about waking, a channel or a loop."""

    id: str
    title: str
    kind: str
    """lab, floor, peer, channel or loop."""
    floor: str = ""
    """The id of the floor of the same mechanism; its own for a floor."""
    options: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True)
class Scene:
    """What all subjects have to do."""

    id: str
    part: Part
    title: str
    connections: int = 0
    size: int = 0
    """Bytes of a message."""
    depth: int = 0
    """Messages of one client that are under way at once."""
    idle: int = 0


@dataclass(frozen=True)
class Step:
    """One measurement: what is done without a pause, and done again if it was interrupted."""

    scene: str
    subject: str
    round: int


@dataclass(frozen=True)
class Sample:
    step: Step
    values: Mapping[str, float]
    error: str = ""
    """Why there are no values."""
    seconds: float = 0.0
    """How long the step took."""


@dataclass(frozen=True)
class Result:
    """All samples of one subject in one scene."""

    scene: str
    subject: str
    values: Mapping[str, tuple[float, ...]]
    """By the name of the figure, one for each round, in the order of the rounds."""
    error: str = ""


@dataclass(frozen=True)
class Machine:
    kernel: str
    architecture: str
    cpu: str
    cpus: tuple[int, ...]
    """Those that this process may use."""
    server_cpu: int | None
    """The one that servers were pinned to; None if nothing was pinned."""
    client_cpu: int | None
    governor: str
    virtual: str
    """The hypervisor, if there is one that shows."""
    mitigations: Mapping[str, str]
    """By the name of the fault in the processor."""
    open_files_soft: int
    open_files_hard: int
    somaxconn: int
    local_ports: str
    libc: str
    compiler: str
    valgrind: str
    strace: str


@dataclass(frozen=True)
class Report:
    made: str
    """ISO 8601, UTC."""
    seconds: float
    """Of measuring, also before an interruption."""
    command: str
    quick: bool
    rounds: int
    machine: Machine
    notes: tuple[str, ...]
    """What makes these figures less trustworthy: a busy machine, stolen time, a client at its limit."""
    subjects: tuple[Subject, ...]
    scenes: tuple[Scene, ...]
    results: tuple[Result, ...]

    def result(self, scene: str, subject: str) -> Result | None:
        return next((one for one in self.results if (one.scene, one.subject) == (scene, subject)), None)

    def of(self, part: Part) -> list[Scene]:
        return [scene for scene in self.scenes if scene.part is part]
