"""./muxlab test: what it tells of a run, good and bad."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from muxlab.ctest import Outcome, read_junit, rerun_options
from muxlab.show_tests import default_jobs
from stage import Tree

TESTS = """
add_test(NAME Echo.works COMMAND true)
add_test(NAME Echo.fails COMMAND sh -c "echo expected 4, got 5; exit 1")
add_test(NAME Trace.needs_strace COMMAND sh -c "exit 77")
set_tests_properties(Trace.needs_strace PROPERTIES SKIP_RETURN_CODE 77)
set_tests_properties(Echo.works Echo.fails PROPERTIES LABELS unit)
"""


@pytest.mark.parametrize(("processors", "jobs"), [(None, 2), (1, 2), (2, 3), (3, 4), (4, 4), (64, 4)])
def test_as_many_at_a_time_as_keep_the_processors_busy(
    monkeypatch: pytest.MonkeyPatch, processors: int | None, jobs: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert default_jobs() == jobs


def test_all_is_well(tree: Tree) -> None:
    tree.write_cmake("add_test(NAME a COMMAND true)\nadd_test(NAME b COMMAND true)")
    done = tree.run("test")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 passed, 0 failed"


def test_a_failure_is_told_with_its_output_and_how_to_run_it_again(tree: Tree) -> None:
    tree.write_cmake(TESTS)
    done = tree.run("test")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "✗ unit · Echo.fails" in lines
    assert "  expected 4, got 5" in lines
    assert "  again: ./muxlab test -k '^Echo\\.fails$'" in lines
    assert lines[-1] == "1 passed, 1 failed, 1 skipped"
    table = [line.split()[:4] for line in lines]
    assert ["unit", "1", "1", "0"] in table
    assert ["sh", "0", "0", "1"] in table, "a test without a label is grouped by its program"


def test_the_command_it_names_runs_just_that_test(tree: Tree) -> None:
    tree.write_cmake(TESTS)
    done = tree.run("test", "-k", "^Echo\\.fails$")
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_a_pattern_that_matches_nothing_is_an_error(tree: Tree) -> None:
    tree.write_cmake(TESTS)
    done = tree.run("test", "-k", "Ecko")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "muxlab: no test's name matches 'Ecko': ctest --preset dev -N lists them all"
    )


def test_a_program_that_is_missing_fails_and_does_not_skip(tree: Tree) -> None:
    tree.write_cmake("add_test(NAME Echo.gone COMMAND ${CMAKE_BINARY_DIR}/bin/nothing)")
    done = tree.run("test")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "0 passed, 1 failed")
    assert "  Unable to find executable" in done.stdout


def test_a_crash_is_told_from_a_failure(tree: Tree) -> None:
    tree.write_cmake("add_test(NAME Echo.crashes COMMAND sh -c [[kill -SEGV $$]])")
    done = tree.run("test")
    assert "✗ sh · Echo.crashes (Exception: SegFault)" in done.stdout.splitlines()


def test_a_test_that_is_switched_off_counts_as_skipped(tree: Tree) -> None:
    tree.write_cmake(
        "add_test(NAME a COMMAND true)\nadd_test(NAME b COMMAND true)\nset_tests_properties(b PROPERTIES DISABLED ON)"
    )
    assert tree.run("test").stdout.splitlines()[-1] == "1 passed, 0 failed, 1 skipped"


def test_junit_with_odd_names_and_no_output(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(
        """<testsuite><testcase name="Typed/0.&lt;Poll&gt;" time="0.25" status="run"/>
        <testcase name="crashed" time="1" status="fail"><failure message="SEGFAULT"/></testcase></testsuite>"""
    )
    report = read_junit(path, {"crashed": "unit"}, {"crashed": "Exception: SegFault"})
    assert [(r.name, r.group, r.outcome) for r in report.results] == [
        ("Typed/0.<Poll>", "other", Outcome.PASSED),
        ("crashed", "unit", Outcome.FAILED),
    ]
    assert report.closing_line == "1 passed, 1 failed"


def test_the_way_to_run_it_again_names_the_preset_when_it_matters() -> None:
    assert rerun_options("asan", "a+b") == ["--preset", "asan", "-k", "^a\\+b$"]
