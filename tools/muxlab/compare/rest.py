"""Knows when a server is at rest: every thread asleep, nothing left to do until the next client acts."""

from __future__ import annotations

import time
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.process import Server

DEADLINE = 10.0  # seconds: a backstop
PAUSE = 0.0002  # seconds between two looks, so that the server has the processor meanwhile


def await_rest(server: Server) -> None:
    """Returns once all threads are asleep, seen so twice in a row.

    A non-blocking server sleeps in its wait call and nowhere else. A thread that has been woken up is runnable from
    that instant, and one that strace has stopped is in state 't': both are seen.
    """
    deadline = time.monotonic() + DEADLINE
    looks = 0
    while looks < 2:
        looks = looks + 1 if _asleep(server.pid) else 0
        if time.monotonic() > deadline:
            raise MuxlabError(f"{server.name} does not come to rest: it works on although no client says anything")
        if looks < 2:
            time.sleep(PAUSE)


def await_open_files(server: Server, count: int) -> None:
    """Returns once the server has no more descriptors than this: what it was to close is closed."""
    deadline = time.monotonic() + DEADLINE
    while open_files(server) > count:
        if time.monotonic() > deadline:
            raise MuxlabError(f"{server.name} does not close the descriptor of a client that is gone")
        time.sleep(PAUSE)
    await_rest(server)


def open_files(server: Server) -> int:
    try:
        return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
    except OSError:
        return 0  # it has ended


def _asleep(pid: int) -> bool:
    return all(_state(stat) in "SZX" for stat in Path(f"/proc/{pid}/task").glob("*/stat"))


def _state(stat: Path) -> str:
    try:
        return stat.read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "X"  # a thread that has ended will do no more
