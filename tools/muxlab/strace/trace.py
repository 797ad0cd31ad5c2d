"""What a trace holds: system calls, signals and ends of threads, in the order in which strace wrote them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One system call. Its text is kept as strace printed it; decode.py gives it a meaning."""

    thread: int
    """The kernel's number of the thread; 0 when strace followed only one and did not say."""
    name: str
    arguments: str
    entered: int
    """The line of the trace, from 1, on which the call began."""
    returned: int | None
    """The line on which it returned, which differs when other threads came between; None if it never did."""
    time: float | None = None
    """Seconds since the epoch at which it was entered (strace -ttt)."""
    end_time: float | None = None
    """When it returned, if strace said so: on a line of its own, or with -T.

    -T counts from when the first half of the line has been printed, so that this is early by as long as that took.
    """
    result: int | None = None
    """None when strace printed '?', and for a call that never returned."""
    result_label: str = ""
    """What -y and -yy say of a new descriptor: 'TCP:[127.0.0.1:80->127.0.0.1:4711]'."""
    errno: str = ""
    note: str = ""
    """What strace adds in parentheses: 'Timeout', 'in [3]', or the errno in words."""
    injected: bool = False
    """strace made the result up: --inject."""
    stack: tuple[str, ...] = ()
    """The lines of -k, innermost function first."""

    @property
    def finished(self) -> bool:
        return self.returned is not None


@dataclass(frozen=True)
class Signal:
    thread: int
    line: int
    time: float | None
    name: str
    """'SIGTERM'; for a stop, 'stopped by SIGSTOP'."""
    text: str
    stack: tuple[str, ...] = ()
    """The lines of -k: where it came upon the thread."""


@dataclass(frozen=True)
class Exit:
    thread: int
    line: int
    time: float | None
    code: int | None
    signal: str = ""
    """The signal that ended it, if one did."""


@dataclass(frozen=True)
class Unknown:
    line: int
    text: str


@dataclass(frozen=True)
class Trace:
    calls: tuple[Call, ...]
    """In the order in which they were entered."""
    signals: tuple[Signal, ...] = ()
    exits: tuple[Exit, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    """Lines that the parser did not understand: kept, because a cut-off line is no reason to lose the others."""

    def in_order_of_return(self) -> list[Call]:
        """Only those that did return."""
        return sorted((call for call in self.calls if call.finished), key=lambda call: call.returned or 0)
