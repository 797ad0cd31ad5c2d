"""Each lab's handout from a student's side: untouched, then solved. Builds each lab twice, so it is for the CI tier."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from muxlab.handout.bodies import restore
from muxlab.handout.make import plan_handout, write_handout
from muxlab.handout.settings import read_exercise
from muxlab.project import SERVERS, Lab, Project
from stage import REPOSITORY, clean_environment

PROJECT = Project(REPOSITORY)
BACKSTOP = 900  # seconds, for a build and a grading on a machine that is busy
ALREADY_THERE = {"bad-option", "help", "port-taken", "backlog"}
"""What the tests with these names look at is not for the students to write: the options, and the listener."""

FIRST_MISSING = {
    "01": ("labs/01_select/select_server.cpp", "setInterest"),
    "02": ("labs/02_poll/poll_server.cpp", "setInterest"),
    "03": ("labs/03_epoll_lt/epoll_server.cpp", "setInterest"),
    "04": ("labs/04_epoll_et/epoll_server.cpp", "run"),
    "05": ("labs/05_cross_thread_wakeup/event_loop.cpp", "watch"),
}

pytestmark = [
    pytest.mark.ci,
    pytest.mark.skipif(
        not (REPOSITORY / ".git").exists() or not shutil.which("git"), reason="handouts are made from a git repository"
    ),
]


@dataclass(frozen=True)
class Graded:
    code: int
    output: str
    results: Any
    """As `--json` writes them."""

    def named(self, status: str) -> set[str]:
        (lab,) = self.results["labs"]
        return {test["id"][3:] for test in lab["tests"] if test["status"] == status}


def muxlab(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With the handout's own modules, and the packages that are here."""
    start = f"""import sys; sys.path.insert(0, {str(repository / "tools")!r})
from muxlab.cli import main
sys.exit(main(sys.argv[1:]))"""
    return subprocess.run(
        [sys.executable, "-I", "-c", start, *arguments],
        cwd=repository,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BACKSTOP,
        check=False,
    )


def grade(repository: Path, lab: Lab) -> Graded:
    file = repository.with_name("results.json")
    file.unlink(missing_ok=True)
    done = muxlab(repository, "grade", lab.number, "--json", str(file))
    assert file.is_file(), done.stdout + done.stderr
    return Graded(done.returncode, done.stdout, json.loads(file.read_text()))


def line_of(path: Path, function: str) -> int:
    """Of the line that stands for a function's body."""
    lines = path.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if function in line)
    return next(number for number, line in enumerate(lines[start:], start + 1) if "mux::notWritten(" in line)


def test_every_lab_builds_and_says_what_is_not_written_yet(tmp_path: Path) -> None:
    out = tmp_path / "student"
    write_handout(PROJECT, plan_handout(PROJECT, SERVERS, []), out)
    environment = clean_environment(CXXFLAGS="-Werror")
    build = ["cmake", "--build", "--preset", "dev", "--target", *(lab.folder for lab in SERVERS)]
    for command in (["cmake", "--preset", "dev", "-DBUILD_TESTING=OFF", "-DCMAKE_CXX_FLAGS_DEBUG=-O0"], build):
        done = subprocess.run(command, cwd=out, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    for lab in SERVERS:
        program = [str(out / "build/dev/bin" / lab.folder), "--port", "0", "--log", "error"]
        done = subprocess.run(program, capture_output=True, text=True, timeout=BACKSTOP, check=False)
        path, function = FIRST_MISSING[lab.number]
        line = line_of(out / path, f"::{function}(")
        told = f"{function} is not written yet: {path}:{line} (its declaration says what it must do)\n"
        assert done.returncode == 70
        assert done.stderr == f"{lab.server if lab.number != '05' else 'EventLoop'}::{told}"


@pytest.mark.parametrize("lab", SERVERS, ids=lambda lab: lab.folder)
def test_a_handout_scores_nothing_until_it_is_solved_and_then_everything(lab: Lab, tmp_path: Path) -> None:
    out = tmp_path / "student"
    write_handout(PROJECT, plan_handout(PROJECT, [lab], []), out)

    untouched = grade(out, lab)
    assert untouched.code == 1
    assert untouched.named("passed") <= ALREADY_THERE
    assert untouched.named("broken") | untouched.named("not run") == set()
    # The first page of the report leads to a function that is to be written.
    first_page = untouched.output.splitlines()[:12]
    told = [line for line in first_page if " is not written yet: labs/" in line]
    assert len(told) == 1, untouched.output
    path, number = told[0].split(" is not written yet: ")[1].split(" ")[0].rsplit(":", 1)
    assert "mux::notWritten(" in (out / path).read_text().splitlines()[int(number) - 1]

    for path, names in read_exercise(PROJECT, lab).functions.items():
        reference = (REPOSITORY / path).read_bytes()
        solved = restore(path, (out / path).read_bytes(), reference, names)
        assert solved == reference
        (out / path).write_bytes(solved)
    graded = grade(out, lab)
    assert (graded.code, graded.results["score"], graded.named("failed")) == (0, 100, set()), graded.output


def test_what_is_not_in_a_handout_is_said_in_one_line(tmp_path: Path) -> None:
    out = tmp_path / "student"
    write_handout(PROJECT, plan_handout(PROJECT, [SERVERS[0]], []), out)
    absent = "lab 02_poll is not in this repository"
    for arguments, told in (
        (("run", "02"), absent),
        (("diff", "01", "02"), absent),
        (("compare", "--labs", "02"), absent),
        (("grade", "02"), absent),
        (("bug", "list"), "there are no bug cards in this project: they stay with the instructor"),
        (("bug", "run", "et-single-read"), "there are no bug cards in this project: they stay with the instructor"),
    ):
        done = muxlab(out, *arguments)
        assert (done.returncode != 0, done.stdout, done.stderr) == (True, "", f"muxlab: {told}\n"), arguments
