"""What compare does about the page, in a project of its own: nothing there is ours to overwrite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compare_stage import made_up_report
from muxlab.errors import MuxlabError
from muxlab.project import Lab, Project, find_lab
from muxlab.report import command, record
from muxlab.scenarios.catalogue import COMPARED, Scenario

MATRIX = {"schema": 1, "kernel": "6.1", "columns": [], "states": []}


def trace_of(lab: Lab, scenario: Scenario) -> dict[str, Any]:
    return {
        "schema": "muxlab-trace/1",
        "program": {"name": lab.folder, "lab": lab.number, "mechanism": "epoll", "argv": []},
        "scenario": {"id": scenario.id, "title": scenario.title, "what": scenario.what},
        "machine": {"kernel": "Linux 6.1", "strace": "6.1", "cpu": "A CPU"},
        "clients": [],
        "threads": [],
        "descriptors": [],
        "steps": [],
        "sources": {},
    }


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was recorded; lab 02 fails."""
    names: list[str] = []

    def record_one(_: Project, lab: Lab, scenario: Scenario, __: Path) -> dict[str, Any]:
        if lab.number == "02":
            raise MuxlabError("02_poll did not start")
        names.append(f"{scenario.id} {lab.number}")
        return trace_of(lab, scenario)

    monkeypatch.setattr(record, "record_one", record_one)
    monkeypatch.setattr(command, "why_not", lambda: "")
    return names


def make(project: Project, quick: bool = True) -> list[str]:
    labs = [find_lab("01"), find_lab("02")]
    return command.make_page(project, made_up_report(), labs, project.root / "bin", quick)


def test_the_page_is_written_with_all_there_is(tmp_path: Path, recorded: list[str]) -> None:
    project = Project(tmp_path)
    program(tmp_path / "bin" / "00_readiness", f"echo '{json.dumps(MATRIX)}'")
    failures = make(project)
    assert recorded == [f"{name} 01" for name in record.QUICK]
    assert failures == [f"{name} in 02_poll: 02_poll did not start" for name in record.QUICK]
    text = (tmp_path / "build" / "report" / "index.html").read_text()
    assert "One client says hello" in text
    assert "1,234,567" in text
    assert 'class="matrix"' in text


def test_scenarios_stand_in_the_order_of_the_catalogue(tmp_path: Path, recorded: list[str]) -> None:
    project = Project(tmp_path)
    make(project, quick=False)
    contents = command.gather(project, command.store_of(project))
    assert [trace["scenario"]["id"] for trace in contents.traces] == [scenario.id for scenario in COMPARED]


def test_what_was_recorded_before_is_replaced(tmp_path: Path, recorded: list[str]) -> None:
    project = Project(tmp_path)
    make(project, quick=False)
    make(project, quick=True)
    assert len(command.gather(project, command.store_of(project)).traces) == len(record.QUICK)


def test_where_nothing_can_be_traced_the_page_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "why_not", lambda: "tracing is not permitted here")
    assert make(Project(tmp_path)) == []
    text = (tmp_path / "build" / "report" / "index.html").read_text()
    assert "No scenario is recorded: tracing is not permitted here." in text


def test_a_matrix_that_cannot_be_measured_is_named(tmp_path: Path, recorded: list[str]) -> None:
    program(tmp_path / "bin" / "00_readiness", "echo out of sockets >&2; exit 1")
    assert make(Project(tmp_path))[0] == "00_readiness --json failed: out of sockets"
