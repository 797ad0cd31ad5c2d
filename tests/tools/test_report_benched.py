"""The curves that ./muxlab bench measures: from its own file to the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench_stage import made_up_report
from muxlab.bench.model import Part, Report, Result, Scene, Subject
from muxlab.report.benched import curves
from muxlab.report.curves import draw, figures, numbers
from muxlab.report.measured import EXPECTED, missing
from muxlab.report.model import Contents, Curve, Point
from muxlab.report.page import page

SUBJECTS = (
    Subject("01_select", "lab 01 select", "lab", "floor"),
    Subject("03_epoll_lt", "lab 03 epoll LT", "lab", "floor"),
    Subject("floor", "the floor", "floor", "floor"),
    Subject("libuv", "libuv", "peer", "floor"),
    Subject("eventfd", "eventfd", "channel", "eventfd"),
)
SCENES = (
    Scene("echo-1", Part.ECHO, "1 client", 1, 64, 1),
    Scene("echo-50", Part.ECHO, "50 clients", 50, 64, 1),
    Scene("echo-50-deep", Part.ECHO, "50 clients", 50, 64, 16),
    Scene("idle-0", Part.IDLE, "0 idle", 10, 64, 1, 0),
    Scene("idle-900", Part.IDLE, "900 idle", 10, 64, 1, 900),
    Scene("wakeup-epoll", Part.WAKEUP, "round trip"),
)
ECHOED = {"cpu": (6.0, 9.0, 7.0), "rate": (50_000.0, 40_000.0, 60_000.0), "p50": (100.0,), "p99": (400.0,)}


def measured(*, quick: bool = False, notes: tuple[str, ...] = ()) -> Report:
    results = [
        Result(scene, subject, ECHOED)
        for scene in ("echo-1", "echo-50", "echo-50-deep")
        for subject in ("01_select", "03_epoll_lt", "floor", "libuv")
    ]
    results += [
        Result("idle-0", "01_select", {"cpu": (8.0,)}),
        Result("idle-0", "03_epoll_lt", {"cpu": (7.0, 6.0, 8.0)}),
        Result("idle-900", "01_select", {}, "it fell over"),
        Result("idle-900", "03_epoll_lt", {"cpu": (7.0,)}),
        Result("wakeup-epoll", "eventfd", {"p50": (16.0, 17.0, 15.0), "p99": (30.0,)}),
    ]
    return replace(made_up_report(notes), quick=quick, subjects=SUBJECTS, scenes=SCENES, results=tuple(results))


def by_id(*reports: Report) -> Mapping[str, Curve]:
    return {curve.id: curve for curve in curves(reports)}


def test_a_whole_run_fills_in_all_that_the_page_expects() -> None:
    assert missing(curves([measured()])) == []
    text = page(Contents(curves=curves([measured()])))
    assert "Not measured yet" not in text
    for title in EXPECTED.values():
        assert f"<h3>{title}</h3>" in text


def test_a_run_of_one_part_leaves_the_rest_to_be_measured() -> None:
    idle = replace(measured(), scenes=tuple(scene for scene in SCENES if scene.part is Part.IDLE))
    found = curves([idle])
    assert [curve.id for curve in found] == ["cpu-idle"]
    assert missing(found) == [title for name, title in EXPECTED.items() if name != "cpu-idle"]


def test_a_point_is_the_median_and_its_bar_reaches_over_all_samples() -> None:
    [select, epoll] = by_id(measured())["cpu-idle"].series
    assert (select.name, select.points) == ("01 select", (Point(10, 8.0, 8.0, 8.0),))
    assert epoll.points == (Point(10, 7.0, 6.0, 8.0), Point(910, 7.0, 7.0, 7.0))


def test_throughput_is_drawn_for_one_message_under_way() -> None:
    [select, _] = by_id(measured())["throughput"].series
    assert select.points == (Point(1, 50_000, 40_000, 60_000), Point(50, 50_000, 40_000, 60_000))


def test_latency_and_wake_ups_have_a_row_for_each_and_floors_are_left_out() -> None:
    found = by_id(measured())
    assert found["latency"].rows == ("01 select", "03 epoll LT", "libuv")
    assert [series.name for series in found["latency"].series] == ["p50", "p99"]
    assert found["wakeup"].rows == ("eventfd",)
    assert found["wakeup"].series[0].points == (Point(0, 16.0, 15.0, 17.0),)


def test_the_first_report_that_has_a_chart_is_the_one_that_is_drawn() -> None:
    quick = replace(measured(quick=True), command="./muxlab bench --quick")
    idle = replace(measured(), scenes=SCENES[3:5], command="./muxlab bench idle")
    found = by_id(idle, quick)
    assert found["cpu-idle"].command == "./muxlab bench idle"
    assert found["latency"].command == "./muxlab bench --quick"


def test_each_chart_names_the_machine_and_what_makes_it_less_trustworthy() -> None:
    text = by_id(measured(quick=True, notes=("the machine was busy",)))["cpu-idle"].measured
    assert "Linux 6.1, 2 × A CPU" in text
    assert "medians of 3 rounds" in text
    assert "A quick run" in text
    assert "Less trustworthy because the machine was busy." in text
    assert text in figures([by_id(measured(quick=True, notes=("the machine was busy",)))["cpu-idle"]])


@pytest.mark.parametrize("name", ["cpu-idle", "latency", "wakeup"])
def test_a_chart_is_drawn_in_the_page_s_own_colours(name: str) -> None:
    curve = by_id(measured())[name]
    svg = draw(curve)
    assert svg.startswith("<svg role=")
    assert "var(--series-1)" in svg
    for row in curve.rows:
        assert f">{row}<" in svg


def test_the_figures_stand_in_a_table_with_their_ranges() -> None:
    found = by_id(measured())
    assert "<td>7<small>6–8</small></td>" in numbers(found["cpu-idle"])
    assert '<th scope="row">eventfd</th><td>16<small>15–17</small></td><td>30</td>' in numbers(found["wakeup"])


def test_where_all_of_it_was_measured_is_said_once() -> None:
    text = page(Contents(curves=curves([measured()])))
    assert text.count("medians of") == 1


def test_the_command_that_measures_again_writes_to_nobody_s_file() -> None:
    report = replace(measured(), command="./muxlab bench --json '/home/me/my figures.json' --rounds 3")
    assert by_id(report)["cpu-idle"].command == "./muxlab bench --rounds 3"
