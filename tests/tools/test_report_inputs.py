"""What the page is made from: bug cards, the benchmark's curves, the store."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import bench_stage
from compare_stage import made_up_report
from muxlab.compare import server_metrics as metrics
from muxlab.compare.model import Column, Missing, Numbers, Row, Table, exactly, summary
from muxlab.errors import MuxlabError
from muxlab.report.cards import load_cards, parse_card
from muxlab.report.curves import numbers
from muxlab.report.measured import EXPECTED, from_comparison, missing
from muxlab.report.model import Point
from muxlab.report.pitfalls import pitfalls
from muxlab.report.storage import Store, load_bench, load_trace, save_bench, save_bug, save_trace

CARD = """Title: one recv for each edge
What happens: One edge, one read;
  the rest waits: for ever.
Caught by: 04.ten-kilobytes

diff --git a/labs/x.cpp b/labs/x.cpp
--- a/labs/x.cpp
+++ b/labs/x.cpp
@@ -1 +1 @@
-Fix: <this>
+that
"""


def trace(name: str = "03_epoll_lt") -> dict[str, Any]:
    return {"schema": "muxlab-trace/1", "scenario": {"id": "hello"}, "program": {"name": name}}


def test_a_card_ends_where_its_patch_begins() -> None:
    card = parse_card("04_epoll_et", "et-single-read", CARD)
    assert card.title == "one recv for each edge"
    assert card.fields["What happens"] == "One edge, one read; the rest waits: for ever."
    assert "Fix" not in card.fields
    assert card.diff.startswith("diff --git")


def test_a_card_without_a_title_goes_by_its_name() -> None:
    assert parse_card("01_select", "sigpipe", "diff --git a/x b/x\n").title == "sigpipe"


def test_traces_of_a_card_count_only_in_pairs(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = tmp_path / "labs" / "04_epoll_et" / "bugs" / f"{name}.patch"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CARD)
    store = Store(tmp_path / "report")
    save_bug(store, "04_epoll_et", "one", trace(), trace())
    (store.bugs / "04_epoll_et.two.broken.json").write_text(json.dumps(trace()))
    one, two = load_cards(tmp_path / "labs", store.bugs)
    assert one.broken == one.fixed == trace()
    assert two.broken is two.fixed is None
    text = pitfalls([one, two])
    assert text.count("data-broken") == 1
    assert "&lt;this&gt;" in text
    assert "No scenario shows it. A test provokes it: <code>./muxlab bug run 04.two</code>" in text


def test_the_page_says_how_to_record_until_one_is_recorded() -> None:
    card = parse_card("04_epoll_et", "one", CARD.replace("Caught by", "Scenario: ten-kilobytes\nCaught by"))
    hint = "./muxlab bug watch --typical"
    assert hint in pitfalls([card])
    assert "<code>./muxlab bug watch 04.one</code>" in pitfalls([card])
    assert hint not in pitfalls([replace(card, broken=trace(), fixed=trace())])
    assert hint not in pitfalls([parse_card("04_epoll_et", "one", CARD)])


def test_recorded_cards_come_first() -> None:
    one, two = (parse_card("04_epoll_et", name, CARD) for name in ("one", "two"))
    text = pitfalls([one, replace(two, broken=trace(), fixed=trace())])
    assert text.index("bug-04_epoll_et-two") < text.index("bug-04_epoll_et-one")


def test_a_store_gives_back_what_was_put_in(tmp_path: Path) -> None:
    store = Store(tmp_path)
    save_trace(store, trace())
    assert load_trace(store.traces / "hello.03_epoll_lt.json") == trace()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "muxlab-trace/2"}'])
def test_a_file_that_is_no_trace_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(MuxlabError, match=r"odd\.json"):
        load_trace(path)


def test_no_benchmark_means_no_curves_and_all_are_missing(tmp_path: Path) -> None:
    assert load_bench(Store(tmp_path)) == []
    assert missing([]) == list(EXPECTED.values())


def test_a_full_run_counts_before_a_quick_one_and_a_new_one_before_an_old(tmp_path: Path) -> None:
    store, report = Store(tmp_path), bench_stage.made_up_report()
    save_bench(store, replace(report, made="2030-01-01", command="old"), "bench-idle")
    save_bench(store, replace(report, made="2030-01-02", command="new"), "bench-all")
    save_bench(store, replace(report, made="2030-01-03", command="quick", quick=True), "bench-all-quick")
    assert [one.command for one in load_bench(store)] == ["new", "old", "quick"]


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "muxlab-bench", "version": 2}'])
def test_a_benchmark_that_is_not_whole_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.bench.mkdir(parents=True)
    (store.bench / "odd.json").write_text(text)
    with pytest.raises(MuxlabError, match=r"odd\.json was not written by \./muxlab bench"):
        load_bench(store)


def test_the_comparison_gives_two_points_a_line_and_leaves_holes_out() -> None:
    columns = (Column("01_select", "01 select"), Column("02_poll", "02 poll"))
    hole = Missing("strace is missing")
    pair = Numbers((exactly(16), exactly(2)))
    rows = (
        Row(metrics.BYTES_FEW, (pair, hole)),
        Row(metrics.BYTES_MANY, (pair, hole)),
        Row(metrics.CPU_FEW, (summary([1.0, 2.0, 9.0]), summary([1.0]))),
        Row(metrics.CPU_MANY, (summary([3.0]), hole)),
    )
    report = made_up_report()
    object.__setattr__(report, "tables", (Table("servers", "Servers", columns, rows),))
    bytes_idle, cpu = from_comparison(report)
    assert [(series.name, [point.x for point in series.points]) for series in bytes_idle.series] == [
        ("01 select", [8, 908])
    ]
    assert cpu.series[0].points[0] == Point(0, 2.0, 1.0, 9.0)
    assert [point.x for point in cpu.series[1].points] == [0]
    assert "–" in numbers(cpu)
