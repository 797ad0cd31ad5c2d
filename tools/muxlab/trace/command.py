"""./muxlab trace: one scenario, one server, every system call that matters next to the line that made it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muxlab.build import build_lab
from muxlab.console import progress, say
from muxlab.process import Server
from muxlab.project import Lab, Project
from muxlab.scenarios.catalogue import SCENARIOS, Scenario
from muxlab.trace.listing import show
from muxlab.trace.model import Trace
from muxlab.trace.record import record
from muxlab.trace.storage import save


def trace_lab(project: Project, lab: Lab, scenario: Scenario, preset: str = "dev") -> Trace:
    """Builds the lab if needed, and records one scenario."""
    program = build_lab(project, lab, preset)
    return record_lab(project, lab, scenario, program)


def record_lab(project: Project, lab: Lab, scenario: Scenario, program: Path) -> Trace:
    options = ["--log", "error", *scenario.options_for(lab.number)]

    def start(prefix: Sequence[str], descriptors: Sequence[int]) -> Server:
        return Server(program, options, prefix=prefix, pass_fds=descriptors)

    return record(start, scenario, project, lab, stacks=True)


def command(
    project: Project, lab: Lab, scenario: Scenario, preset: str, json_file: Path | None, every_line: bool
) -> None:
    with progress(f"recording {scenario.id} in {lab.folder}"):
        trace = trace_lab(project, lab, scenario, preset)
    show(trace, every_line)
    if json_file is not None:
        save(trace, json_file)
        say(f"written to {json_file}")


def list_scenarios() -> None:
    for scenario in SCENARIOS:
        print(f"{scenario.id:<20} {scenario.what}")
