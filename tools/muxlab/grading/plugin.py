"""The pytest side of grading: a graded test becomes one item for each lab it grades, and gets the program under test.

`./muxlab grade` runs pytest with --muxlab-control (see worker.py). Who writes tests may also run them directly, once
the lab, muxshim and muxstart are built: `.venv/bin/python -m pytest tests/graded --lab 04 -k ten-kilobytes --seed 7`.
"""

from __future__ import annotations

import socket
from collections.abc import Generator
from pathlib import Path

import pytest

from muxlab.errors import MuxlabError
from muxlab.grading import Failed, InstrumentError, LabUnderTest, Tools, calibrate, declaration_of
from muxlab.grading.assignment import Assignment
from muxlab.grading.items import graded_item
from muxlab.grading.worker import Worker
from muxlab.project import SERVERS, Project, find_lab

_ASSIGNMENTS: pytest.StashKey[dict[str, Assignment]] = pytest.StashKey()  # for each lab


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("muxlab")
    group.addoption("--lab", action="append", default=[], metavar="LAB", help="grade this lab; all without it")
    group.addoption("--server", type=Path, metavar="PATH", help="grade this program instead of the lab's")
    group.addoption("--seed", type=int, default=1, metavar="N", help="for the random bytes (1)")
    group.addoption("--preset", default="dev", metavar="NAME", help="which build to grade (dev)")
    group.addoption("--muxlab-control", type=int, metavar="FD", help="for ./muxlab grade")


def pytest_configure(config: pytest.Config) -> None:
    descriptor = config.getoption("muxlab_control")
    if descriptor is None:
        config.stash[_ASSIGNMENTS] = _from_options(config)
        return
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)  # no server may get hold of it
    config.stash[_ASSIGNMENTS] = {}
    config.pluginmanager.register(Worker(control, config.stash[_ASSIGNMENTS]), "muxlab-worker")


def _from_options(config: pytest.Config) -> dict[str, Assignment]:
    project = Project.here()
    preset, server = config.getoption("preset"), config.getoption("server")
    try:
        labs = [find_lab(name) for name in config.getoption("lab")] or SERVERS
    except MuxlabError as error:
        raise pytest.UsageError(str(error)) from None
    tools, deadlines, seed = Tools(project.build_dir(preset) / "lib"), calibrate(), config.getoption("seed")
    return {
        lab.number: Assignment(server.resolve() if server else project.binary(lab, preset), tools, seed, deadlines)
        for lab in labs
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    declared = declaration_of(metafunc.function)
    if declared is not None:
        metafunc.parametrize("lab", declared.labs, indirect=True)
    elif "lab" in metafunc.fixturenames:
        pytest.fail(f"{metafunc.function.__name__} takes a lab and is not declared: @graded(title=…, points=…)")


def pytest_itemcollected(item: pytest.Item) -> None:
    if graded := graded_item(item):
        test, number = graded
        item.extra_keyword_matches.add(test.id_in(number))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out other labs; and -k with a test's full name means this one, not all whose names contain it."""
    labs = config.stash[_ASSIGNMENTS].keys() or {lab.number for lab in SERVERS}
    kept = [item for item in items if not (graded := graded_item(item)) or graded[1] in labs]
    exact = [item for item in kept if _is_called(item, config.option.keyword)]
    if exact:
        kept, config.option.keyword = exact, ""
    left_out = set(items) - set(kept)
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = kept


def _is_called(item: pytest.Item, word: str) -> bool:
    graded = graded_item(item)
    return graded is not None and word in (graded[0].name, graded[0].id_in(graded[1]))


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> LabUnderTest:
    graded = graded_item(request.node)
    assert graded is not None, "see pytest_generate_tests"
    test, number = graded
    return request.config.stash[_ASSIGNMENTS][number].lab(test, number)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    graded = graded_item(pyfuncitem)
    if graded is None:
        return None
    test, number = graded
    if why := pyfuncitem.config.stash[_ASSIGNMENTS][number].missing(test):
        pytest.skip(why)
    under_test = pyfuncitem.funcargs["lab"]
    assert isinstance(under_test, LabUnderTest), "see the fixture"
    try:
        # Not in the fixture: what the test raises has to go through the with, which adds the story to it.
        with under_test:
            test.function(under_test)
    except InstrumentError as error:
        pytest.skip(str(error))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, Failed):
        report.longrepr = str(call.excinfo.value)  # its story, not Python's stack
    return report
