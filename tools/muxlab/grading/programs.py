"""Makes ready what is graded: builds the labs, or takes somebody else's program; and the instruments, either way."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from muxlab.build import build
from muxlab.console import say
from muxlab.errors import MuxlabError
from muxlab.grading import Tools
from muxlab.grading.crew import CannotGrade
from muxlab.grading.grade import INSIDE as INSIDE_TESTS
from muxlab.grading.grade import Program
from muxlab.grading.inside import TARGET, build_inside
from muxlab.grading.results import BuildError, Test
from muxlab.project import Lab, Project

INSTRUMENTS = ("muxshim", "muxstart")
INSIDE = TARGET
"""The program with the tests that are linked with the lab's own classes."""
SANITIZED = "asan"  # the preset


def built(project: Project, labs: Sequence[Lab], preset: str) -> list[Program]:
    """A lab that does not build costs its own points, and no others."""
    errors = _build(project, labs, preset)
    if "05" in {lab.number for lab in labs} - errors.keys() and (project.root / INSIDE_TESTS).is_file():
        try:
            build_inside(project, preset)  # if it does not compile, its tests say so
        except MuxlabError as error:
            say(f"{error}; its tests are not run")
    chosen = "" if preset == "dev" else f" --preset {preset}"
    return [
        Program(
            lab,
            project.binary(lab, preset),
            tools(project, preset),
            f"./muxlab grade {lab.number}{chosen}",
            errors.get(lab.number),
        )
        for lab in labs
    ]


def foreign(project: Project, lab: Lab, server: Path, preset: str) -> Program:
    """Any program that keeps the contract. If it is not there, that is a result, too."""
    _build_instruments(project, preset)
    error = None
    if not server.is_file():
        error = BuildError(f"there is no program {server}: build it first, or check the path")
    elif not os.access(server, os.X_OK):
        error = BuildError(f"{server} cannot be run: chmod +x it, or check the path")
    again = f"./muxlab grade {lab.number} --server {shlex.quote(str(server))}"
    return Program(lab, server.absolute(), tools(project, preset), again, error)


def tools(project: Project, preset: str) -> Tools:
    return Tools(project.build_dir(preset) / "lib")


def _build(project: Project, labs: Sequence[Lab], preset: str) -> dict[str, BuildError]:
    try:
        build(project, preset, [*(lab.folder for lab in labs), *INSTRUMENTS])
    except MuxlabError as error:
        if not error.details:  # not about a source file: cmake is missing, say
            raise CannotGrade(str(error)) from None
    else:
        return {}
    # One by one, to see which.
    _build_instruments(project, preset)
    errors = {}
    for lab in labs:
        try:
            build(project, preset, [lab.folder])
        except MuxlabError as error:
            shown = error.details.replace(f"{project.root}/", "")
            errors[lab.number] = BuildError(str(error), shown)
            project.binary(lab, preset).unlink(missing_ok=True)  # of an earlier build: nobody shall grade that
    return errors


def sanitized(project: Project, programs: Sequence[Program], tests: Sequence[Test]) -> list[Program]:
    """With a build under AddressSanitizer for each lab whose tests ask for one, if that can be built here."""
    wanting = {test.lab for test in tests if test.wants_sanitizer}
    wanted = [p.lab.folder for p in programs if p.lab.number in wanting and p.build_error is None]
    if not wanted or SANITIZED not in project.presets():
        return list(programs)
    try:
        build(project, SANITIZED, wanted)
    except MuxlabError as error:
        say(f"no build with AddressSanitizer: {error}")
        return list(programs)
    return [
        dataclasses.replace(p, sanitized=project.binary(p.lab, SANITIZED)) if p.lab.folder in wanted else p
        for p in programs
    ]


def _build_instruments(project: Project, preset: str) -> None:
    try:
        build(project, preset, INSTRUMENTS)
    except MuxlabError as error:
        raise CannotGrade(f"the grader's own instruments do not build: {error}", error.details) from None
