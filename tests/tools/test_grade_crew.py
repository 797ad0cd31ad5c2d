"""The processes that run the tests: what they do to each other, and to what was earned, when one dies or hangs."""

from __future__ import annotations

import json
import signal
import subprocess

from grade_stage import FAILING, PASSING, make_suite
from muxlab.grading.crew import Crew, Reply
from muxlab.grading.member import Task
from muxlab.grading.results import Status
from muxlab.project import Project
from stage import Lifeline, Tree, end

CRASHING = """
@graded(title="the earth ends", points={"01": 1})
def test_crash(lab: LabUnderTest) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)
"""
LEAVING = """
@graded(title="the test leaves", points={"01": 1})
def test_leave(lab: LabUnderTest) -> None:
    os._exit(0)
"""
DYING_LATER = """
@graded(title="the test ends, and then the process", points={"01": 1})
def test_later(lab: LabUnderTest) -> None:
    import muxlab.grading.worker as worker
    worker.Worker._say = lambda self, say=worker.Worker._say, **message: (say(self, **message), os._exit(1))
"""
HANGING = """
@graded(title="the test hangs", points={"01": 1})
def test_hang(lab: LabUnderTest) -> None:
    signal.pause()
"""
NOISY = """
@graded(title="the test talks", points={"01": 1})
def test_noise(lab: LabUnderTest) -> None:
    os.write(1, b'{"test": "01.noise", "status": "passed"}' * 100_000)
    lab.check("it is quiet", False)
"""
SKIPPING = """
@graded(title="the test is skipped", points={"01": 1})
def test_skip(lab: LabUnderTest) -> None:
    pytest.skip("not today")
"""
RANDOM = """
@graded(title="random bytes", points={"01": 1, "02": 1})
def test_random(lab: LabUnderTest) -> None:
    raise Failed(lab.bytes(4).hex())
"""
RETOLD = """
@graded(title="it is told better", points={"01": 1})
def test_retold(lab: LabUnderTest) -> None:
    with lab.story.step("a step"):
        raise Failed("it fails", calls_title="last calls", calls=["stacks"] if lab._retelling else [])
"""


def replies(tree: Tree, *, size: int = 1, seconds: float = 60, seed: int = 7, retell: bool = False) -> dict[str, Reply]:
    with Crew(Project(tree.root), "", size) as crew:
        tests = crew.catalogue().tests
        program = tree.root / "fake server"
        tasks = [Task(test, program, tree.root / "lib", seed, 1.0, retell) for test in tests]
        return crew.run(tasks, seconds)


def test_what_dies_costs_its_own_points_and_no_others(tree: Tree) -> None:
    make_suite(tree, CRASHING, PASSING, LEAVING, FAILING)
    told = replies(tree)
    assert {name: reply.status for name, reply in told.items()} == {
        "01.crash": Status.BROKEN,
        "01.works": Status.PASSED,
        "02.works": Status.PASSED,
        "01.leave": Status.BROKEN,
        "01.three-bytes": Status.FAILED,
    }
    crash, leave = told["01.crash"].failure, told["01.leave"].failure
    assert crash is not None
    assert crash.outcome == "the process that runs the tests has ended in this one: SIGSEGV"
    assert any("test_theme.py" in line for line in crash.details), "faulthandler says where"
    assert leave is not None
    assert leave.outcome == "the process that runs the tests has ended in this one: exit code 0"


def test_what_dies_after_its_end_does_not_cost_the_next_one(tree: Tree) -> None:
    make_suite(tree, PASSING, DYING_LATER, FAILING)
    told = replies(tree)
    assert told["01.later"].status is Status.PASSED
    assert told["01.three-bytes"].status is Status.FAILED


def test_what_hangs_is_ended_and_the_others_go_on(tree: Tree) -> None:
    make_suite(tree, HANGING, PASSING)
    # Enough for the others on any machine; the one that hangs takes all of it.
    told = replies(tree, size=2, seconds=5)
    assert told["01.hang"].status is Status.FAILED
    assert told["01.hang"].reason == "the test does not come to an end"
    assert told["01.works"].status is Status.PASSED


def test_what_a_test_or_a_server_prints_is_no_verdict(tree: Tree) -> None:
    make_suite(tree, NOISY)
    assert replies(tree)["01.noise"].status is Status.FAILED


def test_what_is_skipped_was_not_run(tree: Tree) -> None:
    make_suite(tree, SKIPPING)
    reply = replies(tree)["01.skip"]
    assert (reply.status, reply.reason) == (Status.NOT_RUN, "not today")


def test_the_bytes_depend_on_the_seed_and_the_test_and_on_nothing_else(tree: Tree) -> None:
    make_suite(tree, PASSING, RANDOM)
    first, second, other = replies(tree), replies(tree, size=2), replies(tree, seed=8)
    assert first["01.random"].reason == second["01.random"].reason
    assert first["01.random"].reason != first["02.random"].reason
    assert first["01.random"].reason != other["01.random"].reason


def test_what_handouts_go_without_is_hidden_from_students_in_the_results_too(tree: Tree) -> None:
    make_suite(tree, PASSING, FAILING)
    (tree.root / "labs/02_poll/handout.toml").write_text('hidden_tests = ["02.works"]\n')
    results = tree.root / "results.json"
    tree.run("grade", "01", "--gradescope", str(results))
    tests = json.loads(results.read_text())["tests"]
    assert {test["number"]: test["visibility"] for test in tests} == {
        "01.works": "hidden",
        "01.three-bytes": "visible",
    }


def test_a_second_telling_adds_the_calls(tree: Tree) -> None:
    make_suite(tree, RETOLD)
    first, second = replies(tree)["01.retold"].failure, replies(tree, retell=True)["01.retold"].failure
    assert first is not None
    assert second is not None
    assert (first.calls, second.calls) == ((), ("stacks",))
    done = tree.run("grade", "01")
    assert "  last calls:\n     stacks\n" in done.stdout


def test_if_nobody_is_left_what_was_earned_is_kept(tree: Tree) -> None:
    make_suite(tree, PASSING, CRASHING, FAILING)
    suite = tree.root / "tests/graded/test_theme.py"
    # The crash takes the suite with it, so that the next process cannot load it.
    spoil = f"    open({str(suite)!r}, 'w').write('import pytest; pytest.exit(\"gone\", 5)')\n    os.kill"
    suite.write_text(suite.read_text().replace("    os.kill", spoil))
    with Crew(Project(tree.root), "", 1) as crew:
        tests = crew.catalogue().tests
        told = crew.run([Task(test, tree.root / "fake server", tree.root, 1, 1.0) for test in tests], 60)
        assert told["01.works"].status is Status.PASSED
        assert told["01.three-bytes"].status is Status.BROKEN
        assert crew.trouble == "the graded tests are not in order"


def test_ctrl_c_ends_everything(tree: Tree) -> None:
    make_suite(tree, HANGING)
    lifeline = Lifeline(tree.root / "lifeline")
    suite = tree.root / "tests/graded/test_theme.py"
    here = f"    held = open({str(lifeline.path)!r}, 'w'); print('here', file=held, flush=True)\n    signal.pause()"
    suite.write_text(suite.read_text().replace("    signal.pause()", here))
    grading = tree.start("grade", "01")
    try:
        assert lifeline.await_line() == "here"
        grading.send_signal(signal.SIGINT)
        lifeline.await_end()
        assert grading.wait(60) == 130
        assert grading.stderr is not None
        assert grading.stderr.read().endswith("muxlab: interrupted; the next call carries on\n")
    finally:
        end(grading)


def test_watching(tree: Tree) -> None:
    make_suite(tree, PASSING)
    grading = tree.start("grade", "01", "--watch")
    try:
        await_text(grading, "100/100 points")
        (tree.root / "labs/01_select/server.cpp").write_text("// better now\n")
        await_text(grading, "server.cpp changed")
        await_text(grading, "100/100 points")
        grading.send_signal(signal.SIGINT)
        assert grading.wait(60) == 0
    finally:
        end(grading)


def await_text(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"it ended without saying '{text}'")
