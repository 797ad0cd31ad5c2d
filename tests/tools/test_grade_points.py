"""Points: whatever the weights are, a lab's tests are worth exactly 100 together."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from grade_stage import STORY, broken, failed, lab_result, not_run, passed, report_of
from muxlab.grading.points import PER_LAB, shares, show
from muxlab.grading.results import BuildError


def test_shares_are_proportional_where_that_is_exact() -> None:
    assert shares({"a": 1, "b": 3, "c": 6}) == {"a": 100, "b": 300, "c": 600}


def test_what_is_left_over_goes_to_those_who_lost_most_by_rounding() -> None:
    assert shares({"a": 1, "b": 1, "c": 1}) == {"a": 334, "b": 333, "c": 333}
    assert shares({"a": 2, "b": 4, "c": 1}) == {"a": 286, "b": 571, "c": 143}


@pytest.mark.parametrize("seed", range(20))
def test_any_weights_come_to_a_hundred_points(seed: int) -> None:
    chance = random.Random(seed)
    weights = {str(number): chance.randrange(0, 7) for number in range(chance.randrange(2, 90))}
    points = shares(weights)
    assert sum(points.values()) == PER_LAB
    exact = {name: weight * PER_LAB / sum(weights.values()) for name, weight in weights.items()}
    assert all(abs(points[name] - exact[name]) < 1 for name in weights)


def test_no_weights_are_no_points() -> None:
    assert shares({}) == {}
    assert shares({"a": 0}) == {"a": 0}


@pytest.mark.parametrize(("tenths", "shown"), [(0, "0"), (10, "1"), (25, "2.5"), (1000, "100")])
def test_points_are_shown_without_needless_digits(tenths: int, shown: str) -> None:
    assert show(tenths) == shown


def test_a_test_that_was_not_run_counts_neither_way() -> None:
    lab = lab_result("03", [passed("03.a", 600), not_run("03.b", 400, "no ptrace here")])
    assert (lab.earned, lab.possible) == (600, 600)
    assert report_of(lab).exit_code == 0


def test_official_grading_does_not_take_not_run_for_an_answer() -> None:
    lab = lab_result("03", [passed("03.a", 600), not_run("03.b", 400, "no ptrace here")])
    assert report_of(lab, official=True).exit_code == 3


def test_a_test_that_could_not_be_judged_has_no_points_and_makes_the_grading_doubtful() -> None:
    lab = lab_result("03", [passed("03.a", 600), broken("03.b", 400, "ValueError")])
    assert (lab.earned, lab.possible) == (600, 1000)
    assert report_of(lab).exit_code == 3


def test_exit_codes() -> None:
    good, bad = lab_result("03", [passed("03.a", 1000)]), lab_result("04", [failed("04.a", 1000)])
    nothing = lab_result("05", [not_run("05.a", 1000, "no ptrace here")])
    assert report_of(good).exit_code == 0
    assert report_of(good, bad).exit_code == 1
    assert report_of(nothing).exit_code == 3
    assert report_of(good, troubles=("the tests cannot be loaded",)).exit_code == 3


def test_what_does_not_build_is_told_once_and_not_per_test() -> None:
    lab = lab_result("03", [failed("03.a", 600), failed("03.b", 400)], BuildError("the build failed"))
    assert lab.told(None) == []
    assert lab.earned == 0


def test_different_failures_are_told_before_more_of_the_same() -> None:
    other = replace(STORY, outcome="was hung up on")
    lab = lab_result("03", [failed("03.a", 1), failed("03.b", 1), failed("03.c", 1, other), failed("03.d", 1)])
    assert [result.test.name for result in lab.told(2)] == ["a", "c"]
    assert [result.test.name for result in lab.told(None)] == ["a", "b", "c", "d"]
