"""What lab 05's five wakers hold and cost: tools/probes/waker_probe does the work, this asks it and counts."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from muxlab.compare.count import Scene, scenes
from muxlab.compare.ports import ports_of
from muxlab.errors import MuxlabError
from muxlab.strace.decode import decode
from muxlab.strace.parse import parse_file
from muxlab.strace.run import STRING_BYTES

WAKERS = ("eventfd", "eventfd-edge", "socketpair", "pipe", "tcp")
PROBE = "waker_probe"
POSTS = 1000
PATIENCE = 300.0  # seconds: a backstop; filling the TCP waker takes about five on an idle machine


@dataclass(frozen=True)
class Facts:
    """What the probe says of one waker."""

    descriptors: int
    ports: int
    wakes_per_burst: tuple[int, ...]
    """One for each burst; empty if the kernel does not count writes."""
    capacity: int
    full_gives_eagain: bool
    heard_when_full: bool


def ask(probe: Path, waker: str, bursts: int) -> Facts:
    name = f"{PROBE} {waker}"
    with _running([str(probe), "facts", waker, str(POSTS), str(bursts)]) as process:
        line = _first_line(process, name)
        # It lives until its input ends, so that what it holds can be looked at.
        ports = ports_of(process.pid) if line else set()
        _finish(process, name)
        return facts_from(json.loads(line), ports)


def facts_from(told: Mapping[str, object], ports: set[int]) -> Facts:
    descriptors, wakes = told["descriptors"], told["wakesPerBurst"]
    assert isinstance(descriptors, list)
    assert isinstance(wakes, list)
    return Facts(
        descriptors=len(descriptors),
        ports=len(ports),
        wakes_per_burst=tuple(int(one) for one in wakes),
        capacity=int(str(told["capacity"])),
        full_gives_eagain=told["fullGivesEagain"] is True,
        heard_when_full=told["heardWhenFull"] is True,
    )


def trace_burst(probe: Path, waker: str, trace: Path) -> Mapping[str, Scene]:
    """The scenes 'coalesced 0' and so on, and 'bare': see waker_probe.cpp."""
    strace = ["strace", "-f", "-ttt", "-s", str(STRING_BYTES), "-o", str(trace)]
    with _running([*strace, str(probe), "burst", waker, str(POSTS)]) as process:
        _finish(process, f"{PROBE} {waker}, traced,")
    return scenes(decode(parse_file(trace)), written=True)


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A program in a session of its own, so that all it has started can be ended with it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _first_line(process: subprocess.Popen[str], name: str) -> str:
    assert process.stdout is not None
    waiting = select.poll()
    waiting.register(process.stdout, select.POLLIN)
    if not waiting.poll(PATIENCE * 1000):
        raise MuxlabError(f"{name} did not answer in {PATIENCE:g} s")
    return process.stdout.readline()


def _finish(process: subprocess.Popen[str], name: str) -> None:
    try:
        _, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise MuxlabError(f"{name} did not end in {PATIENCE:g} s") from None
    if process.returncode != 0:
        raise MuxlabError(f"{name} failed: {said.strip() or f'exit code {process.returncode}'}")
