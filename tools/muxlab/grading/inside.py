"""Lab 05 from inside: runs one googletest of lab05_inside in a process of its own, and makes its end a graded test's.

The program is linked with the student's event loop and wakers (tests/graded/inside). It tells its steps in a file as it
goes, so that a crash or a hang leaves them behind. Passed is only what says so at its very end and then exits with 0.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from muxlab.build import build
from muxlab.errors import MuxlabError
from muxlab.grading.command import sanitizer_options
from muxlab.grading.instruments import InstrumentError
from muxlab.grading.lab import LabUnderTest
from muxlab.grading.launch import Ended
from muxlab.grading.rest import describe
from muxlab.grading.story import Failed, Story
from muxlab.grading.threads import states
from muxlab.project import Project

TARGET = "lab05_inside"
BACKSTOP = 20.0  # seconds on a machine that is idle; the slowest test takes a tenth of one, with ThreadSanitizer one


def build_inside(project: Project, preset: str) -> str:
    """Brings it up to date. If it does not compile, each of its tests fails, and says why.

    Returns the compiler's first error, or nothing. Raises MuxlabError where it cannot be built at all, whatever the
    student has written: without googletest.
    """
    program = project.build_dir(preset) / "bin" / TARGET
    notes = _notes(program)
    try:
        build(project, preset, [TARGET])
    except MuxlabError as error:
        if "unknown target" in error.details:
            program.unlink(missing_ok=True)
            raise MuxlabError(f"{TARGET} cannot be built: googletest is not installed") from None
        program.unlink(missing_ok=True)  # the last one that could be built is not the one to be graded
        program.parent.mkdir(parents=True, exist_ok=True)
        notes.write_text(error.details or str(error), encoding="utf-8")
        return error.details
    notes.unlink(missing_ok=True)
    return ""


def run_inside(lab: LabUnderTest, test: str) -> None:
    """Returns if the googletest passes; Failed tells its story."""
    program = lab.executable.parent / TARGET
    if _notes(program).exists():
        details = _notes(program).read_text(encoding="utf-8").splitlines()
        raise Failed("the tests from inside do not compile with this event loop and these wakers", details)
    if not program.exists():
        raise InstrumentError(f"no {TARGET} beside the program: it is made of the lab's sources, with googletest")
    with tempfile.TemporaryDirectory(prefix="muxlab-") as folder:
        told = Path(folder) / "story"
        ended, blocked_in = _run(program, test, told, BACKSTOP * lab.deadlines.scale)
        _tell(lab.story, _read(told), ended, blocked_in)


@dataclass
class _Told:
    """What the file says."""

    steps: list[str] = field(default_factory=list)
    outcome: str = ""
    details: list[str] = field(default_factory=list)
    passed: bool = False


def _notes(program: Path) -> Path:
    return program.with_name(f"{program.name}.does_not_compile")


def _run(program: Path, test: str, told: Path, backstop: float) -> tuple[Ended, list[str]]:
    """How it ended; and if it did not, what its threads were in."""
    environment = {**os.environ, **sanitizer_options(os.environ), "MUXLAB_STORY": str(told)}
    blocked_in: list[str] = []
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [program, f"--gtest_filter={test}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        try:
            process.wait(backstop)
        except subprocess.TimeoutExpired:
            blocked_in = describe(states(process.pid))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        said.seek(0)
        stderr = said.read().decode(errors="replace")
    by_signal = signal.Signals(-code) if code < 0 else None
    return Ended(None if by_signal else code, by_signal, "", stderr), blocked_in


def _read(path: Path) -> _Told:
    told = _Told()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        kind, _, text = line.partition("\t")
        if kind == "step":
            told.steps.append(text)
        elif kind == "start over":
            told = _Told()
        elif kind == "failed":
            told.outcome = text
        elif kind == "detail":
            told.details.append(text)
        elif kind == "passed":
            told.passed = True
    return told


def _tell(story: Story, told: _Told, ended: Ended, blocked_in: list[str]) -> None:
    passed = told.passed and ended.code == 0 and not told.outcome
    *done, last = told.steps or ["the test begins"]
    for text in done:
        story.note(text)
    if passed:
        story.note(last)
        return
    failed = _failure(told, ended, blocked_in)
    story.note(last, failed.outcome)
    raise failed


def _failure(told: _Told, ended: Ended, blocked_in: list[str]) -> Failed:
    if told.outcome:
        return Failed(told.outcome, told.details)
    if blocked_in:
        return Failed("it does not come to an end", blocked_in)
    if unwritten := re.search(r"^\S+ is not written yet$", ended.stderr, re.MULTILINE):
        return Failed(unwritten[0])
    if ended.signal is None and ended.code == 0:
        return Failed("the program ends here, in the middle of the test", ["something has called exit()"])
    return Failed(f"the program dies: {ended.how}", died=ended.last_words)
