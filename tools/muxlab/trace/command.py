"""./muxlab trace: one scenario, one server, every system call that matters next to the line that made it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from muxlab.build import build, build_lab
from muxlab.console import progress, say
from muxlab.errors import MuxlabError
from muxlab.files import check_writable
from muxlab.process import Server
from muxlab.project import Lab, Project, find_lab
from muxlab.scenarios.catalogue import SCENARIOS, Scenario
from muxlab.trace.any_server import (
    START_DEADLINE,
    STOP_DEADLINE,
    AnyServer,
    command_words,
    free_port,
    used_port,
)
from muxlab.trace.listing import show
from muxlab.trace.model import Trace
from muxlab.trace.perfetto import save_perfetto
from muxlab.trace.record import StartServer, record
from muxlab.trace.source import has_lines
from muxlab.trace.storage import save


@dataclass(frozen=True)
class Files:
    """Where to write; None is nowhere."""

    json: Path | None = None
    perfetto: Path | None = None
    strace: Path | None = None


@dataclass(frozen=True)
class Target:
    """What is to be watched: a lab, or any other program."""

    name: str
    start: StartServer
    stacks: bool
    """There is debug information, so that call stacks lead somewhere. They cost time: a stack for each call."""
    lab: Lab | None = None


def lab_target(lab: Lab, scenario: Scenario, program: Path, stop_deadline: float = STOP_DEADLINE) -> Target:
    chosen = program.with_name(scenario.program) if scenario.program else program

    def start(prefix: Sequence[str], descriptors: Sequence[int]) -> Server:
        options = ["--log", "error", *scenario.options_for(lab.number)]
        if scenario.used_port:
            options += ["--port", str(used_port())]
        return Server(
            chosen,
            options,
            prefix=prefix,
            stderr=subprocess.PIPE if scenario.unread_log else None,
            pass_fds=descriptors,
            start_deadline=START_DEADLINE,
            stop_deadline=stop_deadline,
        )

    return Target(lab.folder, start, has_lines(chosen), lab)


def server_target(command: str, port: int | None) -> Target:
    """With a port it may be any program; without, one that keeps the contract of the labs and tells its port."""
    words = command_words(command)
    name = Path(words[0]).name
    stacks = has_lines(Path(words[0]))
    if port is None and "{port}" not in command:
        return Target(name, lambda prefix, fds: _patient(Path(words[0]), words[1:], prefix, fds), stacks)
    chosen = port or free_port()
    return Target(name, lambda prefix, fds: AnyServer(command, chosen, prefix=prefix, pass_fds=fds), stacks)


def _patient(program: Path, options: Sequence[str], prefix: Sequence[str], descriptors: Sequence[int]) -> Server:
    return Server(
        program,
        options,
        prefix=prefix,
        pass_fds=descriptors,
        start_deadline=START_DEADLINE,
        stop_deadline=STOP_DEADLINE,
    )


def record_lab(
    project: Project,
    lab: Lab,
    scenario: Scenario,
    program: Path,
    stop_deadline: float = STOP_DEADLINE,
    *,
    broken: bool = False,
) -> Trace:
    """One scenario in one lab that is built already. `stop_deadline`: seconds after SIGTERM, until it is killed."""
    target = lab_target(lab, scenario, program, stop_deadline)
    return record(target.start, scenario, project, lab, stacks=target.stacks, broken=broken)


def command(project: Project, target: Target, scenario: Scenario, files: Files, every_line: bool) -> None:
    for file in (files.json, files.perfetto, files.strace):
        if file is not None:
            check_writable(file)
    with progress(f"recording {scenario.id} in {target.name}"):
        trace = record(target.start, scenario, project, target.lab, stacks=target.stacks, keep=files.strace)
    show(trace, every_line)
    if files.json is not None:
        save(trace, files.json)
        say(f"written to {files.json}")
    if files.perfetto is not None:
        save_perfetto(trace, files.perfetto)
        say(f"written to {files.perfetto}: open it in https://ui.perfetto.dev or chrome://tracing")


def choose(project: Project, lab: str, server: str, port: int | None, scenario: Scenario, preset: str) -> Target:
    """From the words on the command line; a lab is built if needed."""
    if bool(lab) == bool(server):
        raise MuxlabError("name a lab, or a program with --server: ./muxlab trace 03 --scenario hello")
    if server:
        return server_target(server, port)
    if port is not None:
        raise MuxlabError("--port is for --server; a lab takes any port that is free")
    found = find_lab(lab)
    project.server_files(found)  # refuses a lab that is no server
    if found.number not in scenario.labs:
        raise MuxlabError(f"{scenario.id} says nothing about lab {found.number}: it is for {', '.join(scenario.labs)}")
    if scenario.program:
        build(project, preset, [scenario.program])
    return lab_target(found, scenario, build_lab(project, found, preset))


def list_scenarios() -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for scenario in SCENARIOS:
        table.add_row(Text(scenario.id, "bold"), scenario.what)
    Console().print(table)
