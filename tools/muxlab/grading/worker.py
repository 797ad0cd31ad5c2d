"""Inside pytest, for `./muxlab grade`: says which tests there are, runs those it is told to, reports on each at once.

Talks to the crew (crew.py) over a socket, a line of JSON for each message. A report is out before the next test begins,
so that a test that takes the whole process with it costs its own points and no others.
"""

from __future__ import annotations

import dataclasses
import json
import socket
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from muxlab.grading import Deadlines, Failed, Tools
from muxlab.grading.assignment import Assignment
from muxlab.grading.items import graded_item
from muxlab.grading.results import Failure, Status, Test, failed_by

Message: TypeAlias = "dict[str, Any]"
End: TypeAlias = "tuple[str, pytest.ExceptionInfo[BaseException] | None, float]"
"""A phase of a test, what it raised, and how long it took."""


class Worker:
    def __init__(self, control: socket.socket, assignments: dict[str, Assignment]) -> None:
        self._control = control
        self._assignments = assignments
        self._items: dict[str, pytest.Item] = {}
        self._catalogue: list[Test] = []
        self._faults: list[str] = []
        self._ends: list[End] = []

    # ---- what there is

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        graded = graded_item(item)
        if graded is None:
            return
        declared, number = graded
        name, file = declared.id_in(number), item.location[0]
        if name in self._items:
            self._faults.append(f"two tests are called {name}: in {self._items[name].location[0]} and in {file}")
        self._items[name] = item
        self._catalogue.append(
            Test(
                name,
                declared.title,
                declared.points[number],
                declared.pitfalls,
                tuple(need.name for need in declared.needs),
                declared.how,
                declared.hidden,
                file,
            )
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            last = report.longreprtext.strip().splitlines()[-1:]
            self._faults.append(f"{report.nodeid} cannot be loaded: {''.join(last).removeprefix('E').strip()}")

    # ---- running them

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._say_what_there_is(set(session.items))
        with self._control.makefile(encoding="utf-8") as lines:
            for line in lines:
                order = json.loads(line)
                name = order["test"]
                self._say(began=name)
                self._assignments[name[:2]] = _assignment(order)
                (self._retell if order["retell"] else self._run)(name, self._items[name])
        return True

    def _say_what_there_is(self, chosen: set[pytest.Item]) -> None:
        self._say(
            tests=[dataclasses.asdict(test) for test in self._catalogue],
            chosen=[name for name, item in self._items.items() if item in chosen],
            faults=self._faults,
        )

    def _run(self, name: str, item: pytest.Item) -> None:
        self._ends = []
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        status, failure = judge(self._ends)
        self._say(
            test=name,
            status=status.value,
            seconds=round(sum(seconds for _, _, seconds in self._ends), 3),
            failure=dataclasses.asdict(failure) if failure else None,
        )

    def _retell(self, name: str, item: pytest.Item) -> None:
        graded = graded_item(item)
        assert graded is not None, "it was collected"
        declared, number = graded
        failure = None
        try:
            with self._assignments[number].lab(declared, number, retelling=True) as lab:
                declared.function(lab)
        except Failed as failed:
            failure = Failure.of(failed)
        except Exception:
            pass  # the first telling stands
        self._say(test=name, failure=dataclasses.asdict(failure) if failure else None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        self._ends.append((call.when, call.excinfo, call.duration))

    def _say(self, **message: object) -> None:
        self._control.sendall(json.dumps(message).encode() + b"\n")


def _assignment(order: Message) -> Assignment:
    return Assignment(
        Path(order["executable"]),
        Tools(Path(order["tools"])),
        order["seed"],
        Deadlines(order["scale"]),
        tuple(order["does_not_start"]),
    )


def judge(ends: list[End]) -> tuple[Status, Failure | None]:
    """Passed is only what was called and came to its end without raising anything, in all its phases."""
    raised = next((excinfo for _, excinfo, _ in ends if excinfo is not None), None)
    if raised is None:
        called = any(phase == "call" for phase, _, _ in ends)
        return (Status.PASSED, None) if called else (Status.BROKEN, failed_by("the test was not called"))
    error = raised.value
    if isinstance(error, Failed):
        return Status.FAILED, Failure.of(error)
    if isinstance(error, pytest.skip.Exception):
        return Status.NOT_RUN, failed_by(str(error))
    if isinstance(error, AssertionError):
        return Status.FAILED, failed_by(*_first_and_rest(str(error) or "an assertion of the test does not hold"))
    place = raised.traceback[-1]
    where = f"{Path(place.path).name}:{place.lineno + 1}"
    first, rest = _first_and_rest(str(error))
    return Status.BROKEN, failed_by(f"the test itself is broken: {type(error).__name__}: {first} ({where})", rest)


def _first_and_rest(text: str) -> tuple[str, list[str]]:
    first, *rest = text.splitlines() or [""]
    return first, rest
