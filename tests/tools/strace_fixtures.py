"""The recorded traces: real servers under `strace -f -yy -ttt`, from listen() on.

Two clients, each two messages; then the first sends 3,000 bytes at once and finishes, the second resets; SIGTERM.
"""

from __future__ import annotations

from pathlib import Path

from muxlab.strace.decode import Step, Transfer, Wait, decode
from muxlab.strace.parse import parse
from muxlab.strace.trace import Trace

FOLDER = Path(__file__).parent / "fixtures"
NAMES = ("select", "poll", "epoll_lt", "epoll_et", "threads", "injected")


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.strace").read_text(encoding="latin-1")


def recorded(name: str) -> Trace:
    return parse(text_of(name).splitlines())


def steps_of(name: str) -> list[Step]:
    return decode(recorded(name))


def waits_of(name: str) -> list[Wait]:
    return [step for step in steps_of(name) if isinstance(step, Wait)]


def transfers_of(name: str) -> list[Transfer]:
    """On sockets only: the log and the wake-ups are transfers, too."""
    return [step for step in steps_of(name) if isinstance(step, Transfer) and step.label.startswith("TCP")]
