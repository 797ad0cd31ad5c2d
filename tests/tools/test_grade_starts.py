"""A program that does not start: a few tests try it, and the others are spared; one that may start is always tried."""

from __future__ import annotations

from pathlib import Path

from grade_stage import made_up_test, make_suite
from grading_stage import TOOLS, needs_tools
from muxlab.grading.crew import Crew
from muxlab.grading.member import Task
from muxlab.grading.results import Failure, Status
from muxlab.grading.starts import Starts
from muxlab.grading.story import DOES_NOT_START, ENOUGH_STARTS, NOT_TRIED
from muxlab.project import Project
from stage import Tree, write_script

PROGRAM = Path("/somewhere/01_select")
STARTING = """
@graded(title="test {number}", points={{"01": 1}})
def test_{number}(lab: LabUnderTest) -> None:
    lab.start("--log", "debug")
"""
HELPING = """
@graded(title="help is given without a server", points={"01": 1})
def test_help(lab: LabUnderTest) -> None:
    lab.check("it ends", lab.runs_to_its_end("--help").code == 3)
"""


def dead(words: str) -> Failure:
    return Failure(DOES_NOT_START, (), (f"01_select did not start (exit code 70): {words}",))


def task(name: str, *, retell: bool = False) -> Task:
    return Task(made_up_test(f"01.{name}"), PROGRAM, TOOLS.folder, 7, 1.0, retell)


def give(starts: Starts, name: str) -> Task:
    return starts.prepared(task(name))


def fails(starts: Starts, number: int, failure: Failure) -> None:
    for count in range(number):
        starts.heard(give(starts, f"{failure.details[0]}{count}"), Status.FAILED, failure)


def test_after_five_alike_it_is_not_tried_again() -> None:
    starts = Starts()
    fails(starts, ENOUGH_STARTS - 1, dead("in run()"))
    assert give(starts, "the-last-that-tries").does_not_start == ()
    starts.heard(task("the-last-that-tries"), Status.FAILED, dead("it did not say why"))
    assert give(starts, "another").does_not_start == (dead("in run()").details[0], NOT_TRIED)


def test_another_program_is_tried() -> None:
    starts = Starts()
    fails(starts, ENOUGH_STARTS, dead("in run()"))
    other = Task(made_up_test("02.a"), Path("/somewhere/02_poll"), TOOLS.folder, 7, 1.0)
    assert starts.prepared(other).does_not_start == ()


def test_what_is_told_better_is_tried() -> None:
    starts = Starts()
    fails(starts, ENOUGH_STARTS, dead("in run()"))
    again = task("retold", retell=True)
    assert starts.prepared(again) == again
    starts.heard(again, Status.FAILED, None)
    assert give(starts, "another").does_not_start


def test_a_test_that_was_under_way_may_have_had_it_running() -> None:
    """It listens on a port of its own liking: while one test has it, it does not start for the others."""
    starts = Starts()
    give(starts, "under-way")
    fails(starts, ENOUGH_STARTS, dead("bind: Address already in use"))
    assert give(starts, "meanwhile").does_not_start == ()
    starts.heard(task("under-way"), Status.PASSED, None)
    fails(starts, ENOUGH_STARTS, dead("bind: Address already in use"))
    assert give(starts, "for-ever").does_not_start == ()


def test_if_that_one_fails_alike_it_is_decided() -> None:
    starts = Starts()
    give(starts, "under-way")
    fails(starts, ENOUGH_STARTS, dead("in run()"))
    starts.heard(task("under-way"), Status.FAILED, dead("in run()"))
    assert give(starts, "another").does_not_start


def test_one_that_fails_in_several_ways_is_always_tried() -> None:
    starts = Starts()
    fails(starts, 1, Failure(DOES_NOT_START, (), ("01_select did not start (SIGSEGV): it did not say why",)))
    fails(starts, 2 * ENOUGH_STARTS, dead("in run()"))
    assert give(starts, "another").does_not_start == ()


def test_what_was_not_run_says_nothing() -> None:
    starts = Starts()
    starts.heard(give(starts, "no-instrument"), Status.NOT_RUN, Failure("no ptrace here"))
    fails(starts, ENOUGH_STARTS, dead("in run()"))
    assert give(starts, "another").does_not_start


@needs_tools
def test_the_verdicts_are_those_of_a_program_that_is_started_each_time(tree: Tree) -> None:
    count = 2 * ENOUGH_STARTS
    make_suite(tree, *(STARTING.format(number=number) for number in range(count)), HELPING)
    notes = tree.root / "notes"
    program = write_script(tree.root / "server", f"echo started >>'{notes}'; echo 'not today' >&2; exit 3")
    with Crew(Project(tree.root), "", 1) as crew:
        tests = crew.catalogue().tests
        replies = crew.run([Task(test, program, TOOLS.folder, 7, 1.0) for test in tests], 60)
    assert replies["01.help"].status is Status.PASSED
    assert len(notes.read_text().splitlines()) == ENOUGH_STARTS + 1  # and once for --help
    failures = [replies[f"01.{number}"].failure for number in range(count)]
    assert all(failure is not None for failure in failures)
    told = [(failure.reason, failure.details) for failure in failures if failure is not None]
    why = "server did not start (exit code 3): not today"
    reason = "server starts with --log debug: it does not start"
    assert told[:ENOUGH_STARTS] == [(reason, (why,))] * ENOUGH_STARTS
    assert told[ENOUGH_STARTS:] == [(reason, (why, NOT_TRIED))] * ENOUGH_STARTS
