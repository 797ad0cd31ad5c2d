"""Runs a server under strace while a scenario plays, and makes a trace of it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from muxlab.compare import facts
from muxlab.errors import MuxlabError
from muxlab.process import Server
from muxlab.project import Lab, Project
from muxlab.scenarios.catalogue import Scenario
from muxlab.scenarios.clients import raise_file_limit
from muxlab.scenarios.rest import state_of
from muxlab.scenarios.stage import SPIN_WRITTEN, Stage
from muxlab.strace.decode import EPOLLS, POLLS, SELECTS
from muxlab.strace.parse import parse_file
from muxlab.strace.run import prefix, why_not
from muxlab.strace.trace import Trace as RawTrace
from muxlab.trace.build import Built, build
from muxlab.trace.model import ClientAction, Machine, Mechanism, Play, Program, Step, Thread, Trace
from muxlab.trace.order import WATCHED
from muxlab.trace.source import Sources

STEPS = 5_000  # at most: no scenario needs a thousand, and a server that spins makes them in seconds
SPINS_SOON = 384 * 1024  # bytes of trace, where spinning is no surprise: more calls than a scenario's longest turn
TOLD_TO_STOP = "the server is told to stop: SIGTERM"
MECHANISMS: dict[str, Mechanism] = {"01": "select", "02": "poll", "03": "epoll", "04": "epoll", "05": "loop"}


def strace_options(stacks: bool, inject: Sequence[str] = ()) -> list[str]:
    """-v: no array is cut short. A call that this kernel does not have is no error: '?'.

    A sanitizer looks for leaks with ptrace, which cannot be while somebody else traces.
    """
    return [
        *(["-k"] if stacks else []),
        "-yy",
        "-T",
        "-v",
        "--env=ASAN_OPTIONS=detect_leaks=0",
        "-e",
        "trace=" + ",".join(f"?{name}" for name in sorted(WATCHED)),
        *(f"--inject={one}" for one in inject),
    ]


StartServer = Callable[[Sequence[str], Sequence[int]], Server]
"""From the command to put in front of the server, and the descriptors it inherits."""


def record(
    start: StartServer,
    scenario: Scenario,
    project: Project,
    lab: Lab | None = None,
    *,
    stacks: bool = True,
    keep: Path | None = None,
    broken: bool = False,
) -> Trace:
    """`keep` is a file for what strace wrote. `broken`: it may not even start, and need not stop when it is told to."""
    if reason := why_not():
        raise MuxlabError(f"a server cannot be watched here: {reason}")
    raise_file_limit()
    with TemporaryDirectory(prefix="muxlab-") as folder, taken(scenario.first_descriptor) as descriptors:
        file = Path(folder) / "strace"
        server = start(prefix(file, strace_options(stacks, scenario.inject)), descriptors)
        stage = _play(server, scenario, file, broken)
        raw = parse_file(file)
        if keep is not None:
            shutil.copyfile(file, keep)
    trace = _made(raw, server, stage, scenario, project, lab)
    if stacks:
        return trace
    no_lines = f"{server.program}: it has no debug information, so there are no source lines"
    return replace(trace, omitted=(*trace.omitted, no_lines))


def _play(server: Server, scenario: Scenario, file: Path, broken: bool) -> Stage:
    stage = Stage(server, written=lambda: file.stat().st_size, spin_written=SPINS_SOON if broken else SPIN_WRITTEN)
    with ExitStack() as running:
        try:
            running.enter_context(server)
        except MuxlabError as error:
            if not broken:
                raise
            stage.note("", str(error))
            return stage
        try:
            if scenario.room_for is not None:
                limit_descriptors(server.pid, scenario.room_for)
            if scenario.unread_log:
                fill(Path(f"/proc/{server.pid}/fd/2"))
            scenario.play(stage)
            stage.note("", TOLD_TO_STOP)
            server.send_signal(signal.SIGTERM)
            if broken and (not stage.at_rest() or not _has_ended(server)):
                server.killed = True
                server.send_signal(signal.SIGKILL)
            server.wait()
            if server.killed:
                stage.note("", "it did not stop, and was ended with SIGKILL")
        finally:
            stage.leave()
    return stage


def _has_ended(server: Server) -> bool:
    """Its tracer need not have seen that yet."""
    return state_of(Path(f"/proc/{server.pid}/stat")) in "ZX"


def fill(pipe: Path) -> None:
    """Until no byte more would fit."""
    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    try:
        for size in (4096, 1):
            with suppress(BlockingIOError):
                while True:
                    os.write(writer, b"\n" * size)
    finally:
        os.close(writer)


def limit_descriptors(pid: int, room: int) -> None:
    """So that the process can open `room` descriptors more, counted from the highest it has."""
    highest = max(int(name.name) for name in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1 + room, highest + 1 + room))


@contextmanager
def taken(below: int) -> Iterator[Sequence[int]]:
    """Opens descriptors until all numbers below this one are taken, for a child process to inherit."""
    opened: list[int] = []
    try:
        while below and (not opened or opened[-1] < below - 1):
            opened.append(os.open(os.devnull, os.O_RDONLY))
        yield range(3, below)
    finally:
        for fd in opened:
            os.close(fd)


def _made(raw: RawTrace, server: Server, stage: Stage, scenario: Scenario, project: Project, lab: Lab | None) -> Trace:
    sources = Sources([*(call.stack for call in raw.calls), *(one.stack for one in raw.signals)], project.root)
    built = build(raw, beats=stage.beats, clients=stage.names, resolve=sources.resolve, limit=STEPS)
    machine = facts.machine()
    return Trace(
        program=Program(
            server.name, lab.number if lab else None, _mechanism(lab, built.steps), tuple(server.arguments)
        ),
        scenario=Play(scenario.id, scenario.title, scenario.what),
        machine=Machine(machine.kernel, machine.strace, machine.cpu),
        seconds=built.steps[-1].t if built.steps else 0.0,
        clients=_clients(stage, built),
        threads=tuple(
            Thread(place, "main" if place == 1 else f"thread {place}", pid)
            for place, pid in enumerate(built.threads, 1)
        ),
        descriptors=built.descriptors,
        steps=built.steps,
        unknown=tuple(one.text for one in raw.unknown),
        omitted=_omitted(built),
        sources=sources.texts(),
    )


def _clients(stage: Stage, built: Built) -> tuple[ClientAction, ...]:
    ordered = sorted(stage.actions, key=lambda action: action.time)
    return tuple(
        ClientAction(
            i,
            round(max(0.0, action.time - built.start), 6),
            action.client,
            action.verb,
            action.bytes,
            action.text,
            action.beat,
        )
        for i, action in enumerate(ordered)
    )


def _mechanism(lab: Lab | None, steps: Sequence[Step]) -> Mechanism:
    if lab is not None:
        return MECHANISMS[lab.number]
    counted = Counter(step.call for step in steps if step.kind == "wait_enter")
    names: dict[Mechanism, frozenset[str]] = {"select": SELECTS, "poll": POLLS, "epoll": EPOLLS}
    for call, _ in counted.most_common(1):
        return next(mechanism for mechanism, calls in names.items() if call in calls)
    return "other"


def _omitted(built: Built) -> tuple[str, ...]:
    lines = []
    if built.left_out:
        lines.append(f"{built.left_out} calls that are not about sockets, before the server listened")
    if built.beyond:
        lines.append(f"cut after {len(built.steps):,} steps: {built.beyond:,} more are not shown")
    return tuple(lines)
