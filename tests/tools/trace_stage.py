"""What the tests of the trace have in common: recorded traces made into steps, and live servers under strace."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from muxlab.project import Project, find_lab
from muxlab.scenarios.catalogue import Scenario, find_scenario
from muxlab.strace.parse import parse
from muxlab.strace.run import why_not
from muxlab.trace.build import Built, build
from muxlab.trace.command import lab_target, server_target
from muxlab.trace.model import Frame, Step, Trace
from muxlab.trace.record import record
from strace_fixtures import text_of

SELECTORS = Path(__file__).with_name("selectors_server.py")


def no_lines(stack: Sequence[str]) -> tuple[tuple[Frame, ...], int]:
    return (), len(stack)


def built_from(text: str, limit: int = 100_000) -> Built:
    return build(parse(text.splitlines()), resolve=no_lines, limit=limit)


def built(name: str) -> Built:
    return built_from(text_of(name))


def of_kind(steps: Sequence[Step], *kinds: str) -> list[Step]:
    return [step for step in steps if step.kind in kinds]


def needs_strace() -> None:
    if reason := why_not():
        pytest.skip(reason)


def lab_program(number: str) -> Path:
    lab = find_lab(number)
    for preset in ("dev", "release"):
        program = Project.here().binary(lab, preset)
        if program.exists():
            return program
    pytest.skip(f"not built here: {lab.folder}")


def record_lab(number: str, scenario: str | Scenario, keep: Path | None = None) -> Trace:
    needs_strace()
    chosen = find_scenario(scenario) if isinstance(scenario, str) else scenario
    target = lab_target(find_lab(number), chosen, lab_program(number))
    return record(target.start, chosen, Project.here(), target.lab, stacks=target.stacks, keep=keep)


def record_command(command: str, scenario: str | Scenario, *, stacks: bool = True) -> Trace:
    needs_strace()
    chosen = find_scenario(scenario) if isinstance(scenario, str) else scenario
    target = server_target(command, None)
    return record(target.start, chosen, Project.here(), stacks=stacks and target.stacks)


def record_selectors(scenario: str | Scenario, *, stacks: bool = False) -> Trace:
    """A server in another language, which knows nothing of this kit. The stacks of Python itself take a second."""
    return record_command(f"{sys.executable} -I {SELECTORS} {{port}}", scenario, stacks=stacks)


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
