"""The report: as JSON and back, and as a table that people read."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from compare_stage import NOTE, made_up_report
from muxlab.compare import server_metrics, waker_metrics
from muxlab.compare.model import Metric, Missing, Number, summary
from muxlab.compare.render import drawn, show
from muxlab.compare.server_table import Effort, fill
from muxlab.compare.storage import load, save, to_json
from muxlab.errors import MuxlabError

METRICS = (*server_metrics.ALL, *waker_metrics.ALL)


def printed(width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(drawn(made_up_report(), width))
    return out.getvalue()


def line_with(text: str) -> str:
    return next(line for line in printed().splitlines() if text in line)


def test_json_holds_all_there_is(tmp_path: Path) -> None:
    report = made_up_report()
    save(report, tmp_path / "report.json")
    assert load(tmp_path / "report.json") == report


def test_json_says_what_it_is() -> None:
    data = to_json(made_up_report())
    assert (data["schema"], data["version"]) == ("muxlab-compare", 1)
    row = data["tables"][0]["rows"][2]
    assert row["metric"]["unit"] == "apples"
    assert [cell["kind"] for cell in row["cells"]] == ["numbers", "missing"]
    json.dumps(data)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "muxlab-compare", "version": 2}', "not json"])
def test_another_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(MuxlabError, match=r"other\.json was not written by"):
        load(path)


def test_the_table_finds_its_cells() -> None:
    table = made_up_report().table("servers")
    assert table.cell("exact", "01_select") == Number(3, 3, 3)
    assert isinstance(table.cell("pair", "02_poll"), Missing)
    assert table.missing() == ["strace is missing (apt install strace)"]


def test_a_summary_is_a_median_with_its_range() -> None:
    assert summary([9.0, 1.0, 2.5]) == Number(2.5, 1.0, 9.0, 3)


def test_exact_counts_have_no_decimals_and_measurements_have() -> None:
    assert re.search(r"the exact ¹\s+3\s+1,234,567\s*$", line_with("the exact"))
    assert re.search(r"the spread ¹\s+2\.5\s+0\.2\s*$", line_with("the spread"))
    assert "1.0–9.0" in printed()


def test_pairs_limits_words_and_holes() -> None:
    assert re.search(r"the pair ²\s+16/2\s+–\s*$", line_with("the pair"))
    assert re.search(r"the limit\s+2,000\+\s+–\s*$", line_with("the limit"))
    assert re.search(r"the words\s+IN ERR HUP\s+2\^64 - 2\s*$", line_with("the words"))


def test_a_hole_is_explained_below_once() -> None:
    assert printed().count("– not measured: strace is missing (apt install strace)") == 1


def test_a_footnote_that_rows_share_stands_once() -> None:
    assert printed().count(f"¹ {NOTE}") == 1
    assert "² Another note." in printed()


def test_groups_stand_once_above_their_rows() -> None:
    lines = [line.strip() for line in printed().splitlines()]
    assert lines.count("Pairs") == 1
    assert lines.index("Pairs") < lines.index(line_with("the pair").strip())


@pytest.mark.parametrize("width", [76, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in printed(width).splitlines()) <= width


def test_without_a_terminal_there_is_no_colour_and_no_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show(made_up_report())
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "…" not in out
    assert "IN ERR HUP" in out


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_every_number_explains_itself(metric: Metric) -> None:
    for sentence in (metric.explanation, metric.method, metric.footnote):
        assert sentence.endswith(".")
        assert len(sentence) > 20
    assert metric.unit
    assert metric.command


def test_metrics_have_names_of_their_own() -> None:
    assert len({metric.id for metric in METRICS}) == len(METRICS)


def test_the_texts_are_filled_with_this_runs_numbers() -> None:
    effort = Effort.choose(quick=False, labs=5, files=20_000)
    filled = [fill(metric, effort) for metric in server_metrics.ALL]
    assert any("900 idle" in metric.title for metric in filled)
    assert not any(re.search(r"\b(IDLE|ROUNDS|FILES)\b", metric.title + metric.footnote) for metric in filled)


def test_few_files_mean_fewer_clients() -> None:
    effort = Effort.choose(quick=False, labs=5, files=1024)
    assert 0 < effort.idle * 5 < 1024
    assert 0 < effort.stop_at < 1024
    assert Effort.choose(quick=False, labs=5, files=1_000_000).idle == 900
