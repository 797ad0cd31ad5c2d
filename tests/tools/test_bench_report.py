"""The benchmark's report: as JSON and back, and as tables that people read."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from bench_stage import made_up_report
from muxlab.bench.storage import load, save, to_json
from muxlab.bench.tables import drawn, figure
from muxlab.errors import MuxlabError


def printed(width: int = 100, *notes: str) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(drawn(made_up_report(notes)))
    return out.getvalue()


def line_with(text: str, after: str) -> str:
    part = printed().partition(after)[2]
    return next(line for line in part.splitlines() if text in line)


def test_json_holds_all_there_is(tmp_path: Path) -> None:
    report = made_up_report(["a note"])
    save(report, tmp_path / "new folder" / "report.json")
    assert load(tmp_path / "new folder" / "report.json") == report


def test_json_says_what_it_is() -> None:
    data = json.loads(json.dumps(to_json(made_up_report())))
    assert (data["schema"], data["version"]) == ("muxlab-bench", 1)
    assert data["scenes"][0]["part"] == "count"
    assert data["machine"]["mitigations"] == {"meltdown": "Not affected"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "muxlab-bench", "version": 2}', "not json"])
def test_another_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(MuxlabError, match=r"other\.json was not written by"):
        load(path)


def test_counts_name_the_calls() -> None:
    line = line_with("the lab", "Per message")
    assert re.search(r"the lab\s+150\s+2\.02\s+sendto 1\.00, epoll_wait 0\.02", line)


def test_a_failure_stands_where_the_figures_would() -> None:
    assert "it fell over" in line_with("a peer", "Per message")


def test_times_have_a_range_and_a_ratio_of_rounds() -> None:
    line = line_with("the lab", "Processor time and latency")
    assert "7 (6–9)" in line
    assert "1.20 (1–1.50)" in line  # 6/5, 9/6, 7/7


def test_a_floor_is_not_compared_with_itself() -> None:
    assert re.search(r"the floor\s+6 \(5–7\)\s+90\s+390", line_with("the floor", "Processor time and latency"))


def test_idle_clients_stand_side_by_side() -> None:
    part = printed().partition("say nothing")[2]
    assert re.search(r"0\s+900", part)
    assert re.search(r"the lab\s+8\s+26", part)
    assert "a peer" not in part.partition("Waking")[0]


def test_waking_shows_its_own_figures() -> None:
    assert re.search(r"a peer\s+13\.9\s+30", line_with("a peer", "Waking a thread"))


def test_notes_stand_below() -> None:
    text = printed(100, "other programs kept 50% of a processor busy")
    assert text.rstrip().endswith("note: other programs kept 50% of a processor busy")


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in printed(width).splitlines()) <= width


@pytest.mark.parametrize(("value", "text"), [(0.123, "0.12"), (5.9, "5.90"), (11.27, "11.3"), (1234.5, "1,234")])
def test_three_digits_are_enough(value: float, text: str) -> None:
    assert figure(value) == text
