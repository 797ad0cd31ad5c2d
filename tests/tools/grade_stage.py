"""A tree with a tiny graded suite that needs no server, and made-up results, for the tests of ./muxlab grade."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from muxlab.grading import Step
from muxlab.grading.results import BuildError, Failure, LabResult, Report, Result, Status, Test
from muxlab.project import find_lab
from stage import Tree

HEAD = """import os, signal
import pytest
from muxlab.grading import Failed, Instrument, InstrumentError, LabUnderTest, graded


"""
PASSING = """
@graded(title="what works works", points={"01": 3, "02": 1})
def test_works(lab: LabUnderTest) -> None:
    lab.check("one is one", True)
"""
FAILING = """
@graded(title="three bytes come back", points={"01": 1})
def test_three_bytes(lab: LabUnderTest) -> None:
    with lab.story.step("client A sends 3 bytes"):
        pass
    with lab.story.step("A expects 3 bytes back"):
        raise Failed("got 1 byte, then nothing", ["expected 61 62 63 |abc|", "got      61 |a|"])
"""


def make_suite(tree: Tree, *tests: str, cmake: str = "", hints: str = "") -> None:
    """Labs 01 and 02, whose programs are Python servers, and these tests. The instruments are only built in name."""
    for folder in ("01_select", "02_poll"):
        tree.add_lab(folder, {"server.cpp": "// nothing yet\n"})
    (tree.root / "common").mkdir()
    server = (tree.root / "fake server").as_posix()
    tree.write_cmake(
        f"""
        add_custom_target(02_poll ALL
          COMMAND ${{CMAKE_COMMAND}} -E copy "{server}" "${{CMAKE_BINARY_DIR}}/bin/02_poll" VERBATIM)
        add_custom_target(muxshim)
        add_custom_target(muxstart)
        {cmake}
        """
    )
    suite = tree.root / "tests" / "graded"
    (suite / "hints").mkdir(parents=True)
    (suite / "conftest.py").write_text('pytest_plugins = ["muxlab.grading.plugin"]\n')
    (suite / "test_theme.py").write_text(HEAD + "".join(tests))
    (suite / "hints" / "theme.toml").write_text(textwrap.dedent(hints))


def made_up_test(id: str, weight: int = 1, *, hidden: bool = False) -> Test:  # noqa: A002
    return Test(id, f"the title of {id[3:]}", weight, ("a-pitfall",), ("GATE",), hidden=hidden, file="test_theme.py")


STORY = Failure(
    "got 1,024, then nothing",
    (
        Step(1, "client A connects", "ok"),
        Step(2, "A sends 10,240 bytes", "ok"),
        Step(3, "A expects 10,240 bytes back", "got 1,024, then nothing"),
    ),
    ("expected 10,240 bytes", "got      1,024 bytes"),
    (),
    "last calls on fd 6 (A)",
    ("epoll_server.cpp:41  epoll_wait → IN", "epoll_server.cpp:77  recvfrom(6, 1024) = 1024"),
)


def passed(id: str, points: int) -> Result:  # noqa: A002
    return Result(made_up_test(id), Status.PASSED, points, None, 0.1)


def failed(id: str, points: int, failure: Failure = STORY, *, hidden: bool = False) -> Result:  # noqa: A002
    return Result(made_up_test(id, hidden=hidden), Status.FAILED, points, failure, 0.2)


def not_run(id: str, points: int, why: str) -> Result:  # noqa: A002
    return Result(made_up_test(id), Status.NOT_RUN, points, Failure(why))


def broken(id: str, points: int, why: str) -> Result:  # noqa: A002
    return Result(made_up_test(id), Status.BROKEN, points, Failure(why))


def lab_result(number: str, results: Sequence[Result], build_error: BuildError | None = None) -> LabResult:
    return LabResult(find_lab(number), f"/build/{number}", tuple(results), 1000, build_error)


def report_of(*labs: LabResult, official: bool = False, troubles: tuple[str, ...] = ()) -> Report:
    again = {lab.lab.number: f"./muxlab grade {lab.lab.number}" for lab in labs}
    return Report(labs, 7, again, official=official, seconds=4.2, troubles=troubles)
