"""A trace: threads, descriptors, steps, and what the clients did meanwhile. docs/trace_format.md explains each field.

The field names are those of the JSON that storage.py writes. Times are seconds from the first step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

SCHEMA = "muxlab-trace/1"

Mechanism: TypeAlias = Literal["select", "poll", "epoll", "loop", "other"]
Kind: TypeAlias = Literal[
    "wait_enter",
    "wait_return",
    "ctl",
    "accept",
    "recv",
    "send",
    "shutdown",
    "close",
    "open",
    "wake_write",
    "wake_drain",
    "signal",
    "exit",
    "other",
    "unknown",
]
DescriptorKind: TypeAlias = Literal["listener", "connection", "epoll", "eventfd", "pipe", "socketpair", "other"]


@dataclass(frozen=True)
class Frame:
    function: str
    file: str
    """Relative to the project if it is in there."""
    line: int


@dataclass(frozen=True)
class Ready:
    """What is asked of one descriptor, or told about it."""

    fd: int
    """-1: registered before the trace began."""
    descriptor: str | None
    events: tuple[str, ...]


@dataclass(frozen=True)
class WaitEnter:
    interest: tuple[Ready, ...]
    nfds: int | None
    """select and poll: their argument."""
    timeout_ms: float | None
    """None waits without end."""
    maxevents: int | None
    """epoll_wait."""
    set_bytes: int | None = None
    """select: the part of each fd_set that the kernel looks at."""


@dataclass(frozen=True)
class WaitReturn:
    ready: tuple[Ready, ...]
    cleared: tuple[int, ...]
    """select: what was asked for and is not ready; its bits are gone from the sets."""
    timed_out: bool
    result: int | None


@dataclass(frozen=True)
class Ctl:
    op: str
    target: int
    target_descriptor: str | None
    events: tuple[str, ...]


@dataclass(frozen=True)
class Accept:
    new_fd: int | None
    new_descriptor: str | None


@dataclass(frozen=True)
class Transfer:
    asked: int | None
    bytes: int | None
    """None when the call failed, or never returned."""
    text: str
    """The beginning of the data, with escapes."""


@dataclass(frozen=True)
class Wake:
    value: int
    """Of an eventfd; bytes for anything else. 0 when the call failed."""
    reader: str | None = None
    """The descriptor that becomes ready by this: an eventfd itself, the other end of anything else."""


Detail: TypeAlias = WaitEnter | WaitReturn | Ctl | Accept | Transfer | Wake


@dataclass(frozen=True)
class Step:
    i: int
    t: float
    seconds: float
    """How long the call took. What brings something (a wait's return, an accept, a receive) stands where it ended."""
    tid: int
    beat: int
    kind: Kind
    call: str
    fd: int | None
    descriptor: str | None
    line: str
    """As strace printed it, shortened."""
    stack: tuple[Frame, ...] = ()
    """Innermost first."""
    frames_left_out: int = 0
    """Of the call stack: libraries of the system, and code without debug information."""
    errno: str | None = None
    injected: bool = False
    """strace made the result up."""
    detail: Detail | None = None
    copied_in: int = 0
    copied_out: int = 0
    scanned_kernel: int = 0
    scanned_user: int = 0


@dataclass(frozen=True)
class Descriptor:
    id: str
    fd: int
    kind: DescriptorKind
    local: str | None
    peer: str | None
    client: str | None
    opened: int | None
    """The step; None if it was there before the trace began."""
    closed: int | None
    pid: int = 0


@dataclass(frozen=True)
class Thread:
    tid: int
    """From 1, in the order in which they appear."""
    name: str
    number: int
    """The kernel's."""


@dataclass(frozen=True)
class ClientAction:
    i: int
    t: float
    client: str
    action: str
    bytes: int | None
    text: str
    beat: int


@dataclass(frozen=True)
class Program:
    name: str
    lab: str | None
    mechanism: Mechanism
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Play:
    """Which scenario."""

    id: str
    title: str
    what: str


@dataclass(frozen=True)
class Machine:
    kernel: str
    strace: str
    cpu: str


@dataclass(frozen=True)
class Trace:
    program: Program
    scenario: Play | None
    machine: Machine
    seconds: float
    clients: tuple[ClientAction, ...]
    threads: tuple[Thread, ...]
    descriptors: tuple[Descriptor, ...]
    steps: tuple[Step, ...]
    unknown: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()
    """What is left out, and why: one line each, for people."""
    sources: dict[str, str] = field(default_factory=dict)
