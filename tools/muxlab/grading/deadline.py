"""The backstops: how long to wait for what should come at once. No verdict on a correct server depends on them."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass

# What calibrate() measures on a machine of today with nothing else to do.
_USUAL = 0.012  # seconds
_ROUNDS = 100


@dataclass(frozen=True)
class Deadlines:
    scale: float = 1.0

    @property
    def start(self) -> float:
        """Seconds until 'listening on …'. A sanitizer build under strace takes seconds."""
        return 20.0 * self.scale

    @property
    def stop(self) -> float:
        """Seconds from SIGTERM to the end."""
        return 10.0 * self.scale

    @property
    def wait(self) -> float:
        """Seconds until a server has done what it can, and rests."""
        return 20.0 * self.scale

    @property
    def cpu(self) -> float:
        """Seconds of the server's own CPU time after which it counts as spinning: they do not pass while others run."""
        return 3.0 * self.scale


def calibrate() -> Deadlines:
    """Deadlines for this machine, as busy as it is now: never shorter than the usual ones."""
    started = time.monotonic()
    subprocess.run(["true"], check=True)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for _ in range(_ROUNDS):
            ours.send(b"x")
            theirs.recv(1)
            theirs.send(b"x")
            ours.recv(1)
    return Deadlines(min(10.0, max(1.0, (time.monotonic() - started) / _USUAL)))
