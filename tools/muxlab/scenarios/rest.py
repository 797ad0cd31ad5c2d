"""Knows when a server is at rest: every thread asleep, nothing left to do until the next client acts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from muxlab.errors import MuxlabError

DEADLINE = 10.0  # seconds: a backstop
PAUSE = 0.0002  # seconds between two looks, so that the server has the processor meanwhile


class Running(Protocol):
    """A server, as far as this module cares."""

    name: str
    pid: int


def await_rest(server: Running, deadline: float = DEADLINE) -> None:
    """Returns once all threads are asleep, seen so twice in a row; those of child processes, too.

    A non-blocking server sleeps in its wait call and nowhere else. A thread that has been woken up is runnable from
    that instant, and one that strace has stopped is in state 't': both are seen.
    """
    if not comes_to_rest(server, deadline):
        raise MuxlabError(f"{server.name} does not come to rest: it works on although no client says anything")


ASLEEP = "SZX"  # states of a thread; one that has ended will do no more
HELD = "t"  # stopped by its tracer, for as long as that is stopped itself


def comes_to_rest(
    server: Running, deadline: float = DEADLINE, spins: Callable[[], bool] = lambda: False, *, held: bool = False
) -> bool:
    """The same, and False when it spins, or when the time is over. `held`: its threads may stand still, too."""
    states = ASLEEP + HELD if held else ASLEEP
    end = time.monotonic() + deadline
    looks = 0
    while looks < 2:
        looks = looks + 1 if _asleep(server.pid, states) else 0
        if time.monotonic() > end or spins():
            return False
        if looks < 2:
            time.sleep(PAUSE)
    return True


def await_open_files(server: Running, count: int) -> None:
    """Returns once the server has no more descriptors than this: what it was to close is closed."""
    deadline = time.monotonic() + DEADLINE
    while open_files(server) > count:
        if time.monotonic() > deadline:
            raise MuxlabError(f"{server.name} does not close the descriptor of a client that is gone")
        time.sleep(PAUSE)
    await_rest(server)


def cpu_seconds(server: Running) -> float:
    """Spent by the server so far, in the kernel and outside; not that of its child processes."""
    try:
        fields = Path(f"/proc/{server.pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0  # it has ended
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_files(server: Running) -> int:
    try:
        return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
    except OSError:
        return 0  # it has ended


def _asleep(pid: int, states: str) -> bool:
    """Also the processes it has started: a server may serve each client in one of its own."""
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        if state_of(thread / "stat") not in states:
            return False
        if not all(_asleep(int(child), states) for child in _children(thread)):
            return False
    return True


def state_of(stat: Path) -> str:
    try:
        return stat.read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "X"  # a thread that has ended will do no more


def _children(thread: Path) -> list[str]:
    try:
        return (thread / "children").read_text().split()
    except OSError:
        return []  # it has ended, or the kernel is built without this file: labs have no children anyway
