"""The other direction: correct servers that were not written for the suite pass it, save where they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foreign_servers import FAST, OTHERS, Foreign, install
from grading_stage import SEED, TOOLS, needs_strace, needs_tools
from muxlab.grading import calibrate
from muxlab.grading.crew import Crew, Reply
from muxlab.grading.grade import INSIDE, TEST_SECONDS
from muxlab.grading.member import Task
from muxlab.grading.results import Status, Test
from muxlab.project import Project

ONE_LOOP = ("01", "02", "03", "04")  # lab 05 has options of its own

pytestmark = [needs_tools, needs_strace]


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with Crew(Project.here(), "", 2) as crew:
        yield crew


def behavioural(crew: Crew) -> list[Test]:
    """Each test once, whatever labs it grades; not those about how a server waits."""
    tests: dict[str, Test] = {}
    for test in crew.catalogue().tests:
        if test.lab in ONE_LOOP and not test.how and "LEAKS" not in test.needs and Path(test.file) != Path(INSIDE):
            tests.setdefault(test.name, test)
    return list(tests.values())


def grade(crew: Crew, program: Path) -> dict[str, Reply]:
    scale = calibrate().scale
    tasks = [Task(test, program, TOOLS.folder, SEED, scale) for test in behavioural(crew)]
    return {name.partition(".")[2]: reply for name, reply in crew.run(tasks, TEST_SECONDS * scale).items()}


def hold_against(server: Foreign, replies: dict[str, Reply]) -> None:
    broken = {name: reply.reason for name, reply in replies.items() if reply.status is Status.BROKEN}
    assert not broken
    failed = {name: reply.reason for name, reply in replies.items() if reply.status is Status.FAILED}
    unexpected = {name: why for name, why in failed.items() if name not in {*server.fails, *server.may_fail}}
    assert not unexpected, "it is correct there, or foreign_servers.py has to say why it is not"
    passed = {name for name, reply in replies.items() if reply.status is Status.PASSED}
    assert not passed & server.fails.keys(), "it keeps the contract there: foreign_servers.py says that it does not"


@pytest.mark.parametrize("server", FAST, ids=lambda server: server.name)
def test_a_correct_server_passes(crew: Crew, server: Foreign, tmp_path: Path) -> None:
    hold_against(server, grade(crew, install(server, tmp_path)))


@pytest.mark.ci
@pytest.mark.parametrize("server", OTHERS, ids=lambda server: server.name)
def test_a_correct_server_passes_but_for_what_it_does_wrong(crew: Crew, server: Foreign, tmp_path: Path) -> None:
    hold_against(server, grade(crew, install(server, tmp_path)))


@pytest.mark.parametrize("server", [*FAST, *OTHERS], ids=lambda server: server.name)
def test_every_violation_is_of_a_test_that_there_is(crew: Crew, server: Foreign) -> None:
    names = {test.name for test in behavioural(crew)}
    assert {*server.fails, *server.may_fail} <= names
