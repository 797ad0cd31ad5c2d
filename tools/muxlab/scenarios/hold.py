"""Holds a server that strace watches: while the tracer is stopped, each thread stands still at its next system call."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from muxlab.scenarios.delivery import await_arrival
from muxlab.scenarios.rest import state_of


@contextmanager
def held(pid: int) -> Iterator[bool]:
    """A thread that sleeps in its wait sleeps on, and stops when the wait returns. False: nobody traces it."""
    tracer = tracer_of(pid)
    if tracer is None:
        yield False
        return
    os.kill(tracer, signal.SIGSTOP)
    try:
        await_arrival(lambda: state_of(Path(f"/proc/{tracer}/stat")) == "T")
        yield True
    finally:
        with suppress(ProcessLookupError):
            os.kill(tracer, signal.SIGCONT)


def tracer_of(pid: int) -> int | None:
    try:
        found = re.search(r"^TracerPid:\t(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return None  # it has ended
    return int(found[1]) or None if found else None
