"""What the tests of the grading instruments share: the labs, the tools, and the odd servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from muxlab.grading import Deadlines, Failed, LabUnderTest, ServerUnderTest, Tools
from muxlab.project import SERVERS, Lab
from stage import REPOSITORY, write_script

PROGRAMS = Path(os.environ.get("MUXLAB_BIN", REPOSITORY / "build/dev/bin"))
TOOLS = Tools(PROGRAMS.parent / "lib")
SEED = 7

Test: TypeAlias = Callable[[LabUnderTest], None]

needs_tools = pytest.mark.skipif(bool(TOOLS.why_not()), reason=TOOLS.why_not())
needs_strace = pytest.mark.skipif(
    not shutil.which("strace")
    or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode != 0,
    reason="no strace here, or it may not trace",
)
each_lab = pytest.mark.parametrize("number", [lab.number for lab in SERVERS])


def lab_called(number: str) -> Lab:
    return next(lab for lab in SERVERS if lab.number == number)


@contextmanager
def lab_under_test(number: str, *, retelling: bool = False) -> Iterator[LabUnderTest]:
    """A real one."""
    program = PROGRAMS / lab_called(number).folder
    if not program.exists():
        pytest.skip(f"{program.name} is not built in {PROGRAMS}")
    with LabUnderTest(number, program, seed=SEED, tools=TOOLS, retelling=retelling) as lab:
        yield lab


@contextmanager
def odd_server(
    folder: Path, mode: str, *, deadlines: Deadlines | None = None, trace: bool = False, gate: bool = False
) -> Iterator[ServerUnderTest]:
    """One that is written in Python, started through a script of the shell's: the shim has to find its way."""
    script = f"exec '{sys.executable}' -I '{REPOSITORY / 'tests/tools/odd_server.py'}' --mode {mode} \"$@\""
    program = write_script(folder / f"odd-{mode}", script)
    with LabUnderTest("00", program, seed=SEED, tools=TOOLS, deadlines=deadlines) as lab:
        yield lab.start(trace=trace, gate=gate)


def failure_of(test: Callable[[], object], server: ServerUnderTest) -> Failed:
    """What the test says. It must fail."""
    with pytest.raises(Failed) as caught:
        test()
    server.story.attach(caught.value)
    return caught.value
