"""What beginners hand in: each of these servers makes one typical mistake, and its report says what to look at."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grading_stage import PROGRAMS, SEED, TOOLS, needs_strace, needs_tools
from muxlab.build import first_error
from muxlab.grading.grade import Grading, Program, Wishes
from muxlab.grading.hints import Hints
from muxlab.grading.report import report_lines
from muxlab.grading.results import BuildError
from muxlab.project import Project, find_lab
from stage import REPOSITORY

SOURCES = REPOSITORY / "tests" / "tools" / "first_tries"
COMPILER = os.environ.get("CXX", "c++")

pytestmark = [
    needs_tools,
    needs_strace,
    pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed"),
]


@dataclass(frozen=True)
class Try:
    name: str
    lab: str
    test: str
    """The graded test that is about the mistake."""
    says: tuple[str, ...]
    """In this order, in the report."""
    hint: str = ""
    """A part of the first hint."""


TRIES = (
    Try(
        "no_first_line",
        "01",
        "two-clients",
        ("it does not start", "waits in accept and has not said 'listening on HOST:PORT' on stdout"),
    ),
    Try(
        "first_line_on_stderr",
        "01",
        "first-line",
        (
            "it does not start",
            "first_line_on_stderr has said 'listening on 127.0.0.1:",
            "on stderr: its first line belongs on stdout",
        ),
    ),
    Try(
        "first_line_in_other_words",
        "01",
        "two-clients",
        ("it does not start", "must say 'listening on HOST:PORT' first, and said 'Server started on port "),
    ),
    Try(
        "ignores_the_port",
        "01",
        "first-line",
        (
            "server starts with a terminal as stdout",
            "it does not start",
            "bind: Address already in use",
            "--port 0 lets the kernel choose a port that is free",
        ),
    ),
    Try(
        "one_at_a_time",
        "01",
        "two-clients",
        (
            "A sends a byte and gets it back   ok",
            "B sends a byte and gets it back   got nothing",
            "of B",
            "(not accepted)",
            "the server is asleep in read(",
            "one_at_a_time.cpp:10  write(",
            "← asleep here",
        ),
        "what the report says the server sleeps in",
    ),
    Try(
        "strings",
        "01",
        "byte-values",
        (
            "A expects 32 bytes back   got 6, then nothing",
            "missing from byte 6 on: 00 20",
            "strings.cpp:23  read(4, 4095) = 32",
            "strings.cpp:27  write(4, 6) = 6",
        ),
        "the first byte that is missing. What is special about it?",
    ),
    Try(
        "set_made_once",
        "01",
        "the-silent-are-heard",
        (
            "C sends a byte and gets it back   ok",
            "A sends a byte and gets it back   got nothing",
            "lie",
            "← asleep here",
        ),
        "what the server hands to select in the turn after A has talked",
    ),
    Try(
        "nfds_is_the_highest",
        "01",
        "the-newest-client",
        ("A sends a byte and gets it back   got nothing", "(fd 4)", "(4) …", "← asleep here"),
        "how many descriptors does select look at?",
    ),
    Try(
        "never_ends",
        "01",
        "sigterm",
        ("server gets SIGTERM and ends      it does not end", "the server is asleep in", "select"),
        "when SIGTERM comes?",
    ),
    Try(
        "waits_for_one_client",
        "01",
        "two-clients",
        (
            "B sends a byte and gets it back   the server never comes to rest",
            "it spins",
            "waits_for_one_client.cpp:41  recvfrom(6, 16384) = -1 EAGAIN   (",
        ),
    ),
    Try(
        "never_erased",
        "02",
        "a-client-leaves",
        (
            "no wait reports a closed descriptor (POLLNVAL)",
            "it is reported",
            "poll → fd 4: NVAL",
            "close(4) = -1 EBADF",
        ),
        "is its descriptor still in something that you hand to the kernel?",
    ),
    Try(
        "polls_without_pause",
        "02",
        "idle-client",
        (
            "server goes to sleep",
            "its wait call returns at once, again and again",
            "poll → nothing: the time is over   (",
        ),
        "your wait call returns at once",
    ),
    Try(
        "room_for_one",
        "02",
        "two-clients",
        (
            "A sends a byte and gets it back   ok",
            "B sends a byte and gets it back   the server has ended: killed by SIGSEGV",
            "room_for_one.cpp:24  read(5, 4096) = 1",
        ),
    ),
    Try(
        "exits_on_reset",
        "03",
        "reset",
        (
            "A resets its connection           ok",
            "B sends a byte and gets it back   the server has ended: exit code 1",
            "recv: Connection reset by peer",
        ),
        "A's connection broke. What did the server do to B?",
    ),
    Try(
        "reads_once_per_edge",
        "04",
        "long-request",
        (
            "A expects 200,000 bytes back        got 4,096, then nothing",
            "lie",
            "unread in the server (fd 5)",
            "reads_once_per_edge.cpp:29  read(5, 4096) = 4096",
            "epoll_wait(4) …            ← asleep here",
        ),
        "Who wakes you for the rest?",
    ),
    Try(
        "blocks_in_its_loop",
        "04",
        "two-clients",
        (
            "B sends a byte and gets it back   got nothing",
            "the server is asleep in read(5)",
            "blocks_in_its_loop.cpp:29  read(5) …            ← asleep here",
        ),
        "what the report says the server sleeps in",
    ),
)
FEW = ("one_at_a_time", "strings", "reads_once_per_edge", "room_for_one")  # of different kinds, for every day
REST = tuple(each for each in TRIES if each.name not in FEW)


def compiled(name: str, folder: Path, *options: str) -> Path:
    source, program = SOURCES / f"{name}.cpp", folder / name
    parts = [str(source)]
    if "labs/" in source.read_text():  # the functions of a handout, in place of the reference's
        library = PROGRAMS.parent / "common" / "libmux.a"
        parts += [str(REPOSITORY / "labs" / "01_select" / "main.cpp"), str(library)]
    # No warnings: that is what they are used to. -gdwarf-4: every addr2line can read it.
    command = [COMPILER, "-std=c++20", "-g", "-w", "-pthread", f"-I{REPOSITORY}", *options, *parts, "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def report_on(each: Try, program: Path, error: BuildError | None = None) -> str:
    """As it is printed."""
    project = Project.here()
    wishes = Wishes(SEED, keyword=each.test, told=1, workers=1)
    with Grading(project, wishes) as grading:
        again = f"./muxlab grade {each.lab}"
        report = grading.grade([Program(find_lab(each.lab), program, TOOLS, again, error)])
    return "\n".join(line.text for line in report_lines(report, Hints.load(project)))


def in_order(text: str, parts: tuple[str, ...]) -> Iterator[str]:
    """Those that are not there."""
    for part in parts:
        found, _, rest = text.partition(part)
        if found == text:
            yield part
        else:
            text = rest


def expect_report(each: Try, folder: Path) -> None:
    options = (f"-DPORT={free_port()}",) if each.name == "ignores_the_port" else ()
    report = report_on(each, compiled(each.name, folder, *options))
    command = f"again: ./muxlab grade {each.lab} -k {each.test} --seed {SEED}"
    hint = ("hint 1 of 3:", each.hint) if each.hint else ()
    assert not list(in_order(report, (*each.says, *hint, command))), report


@pytest.mark.parametrize("each", [each for each in TRIES if each.name in FEW], ids=lambda each: each.name)
def test_the_report_says_what_to_look_at(each: Try, tmp_path: Path) -> None:
    expect_report(each, tmp_path)


@pytest.mark.ci
@pytest.mark.parametrize("each", REST, ids=lambda each: each.name)
def test_the_report_says_what_to_look_at_in_the_other_tries(each: Try, tmp_path: Path) -> None:
    expect_report(each, tmp_path)


def test_a_try_that_does_not_compile(tmp_path: Path) -> None:
    """The report has the compiler's first error, with the line, and none of the hundred that follow from it."""
    source = tmp_path / "server.cpp"
    source.write_text(
        (SOURCES / "strings.cpp").read_text().replace("int highest = listener;", "int highest = listner;")
    )
    run = subprocess.run(
        [COMPILER, "-std=c++20", f"-I{SOURCES}", "-fsyntax-only", str(source)], capture_output=True, text=True
    )
    assert run.returncode != 0
    error = BuildError("01_select does not build", first_error(run.stderr, "error:"))
    report = report_on(Try("", "01", "two-clients", ()), tmp_path / "missing", error)
    line = source.read_text().splitlines().index("  int highest = listner;") + 1
    told = (
        "✗ 01 · 01_select does not build",
        f"server.cpp:{line}:",
        "error:",
        "listner",
        "none of its 1 tests could be run",
    )
    assert not list(in_order(report, told)), report
