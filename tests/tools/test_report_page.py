"""The page as a file: whole, safe, and honest about what it does not have."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from typing import Any

from compare_stage import made_up_report
from muxlab.report import tables
from muxlab.report.bundle import bundle, in_script
from muxlab.report.model import Contents
from muxlab.report.page import SECTIONS, page
from muxlab.report.sources import marked_up

NASTY = '</script><script>alert("x")</script>'


def trace(scenario: str = "hello", lab: str = "03_epoll_lt", source: str = "int main() {}\n") -> dict[str, Any]:
    return {
        "schema": "muxlab-trace/1",
        "program": {"name": lab, "lab": lab[:2], "mechanism": "epoll", "argv": []},
        "scenario": {"id": scenario, "title": f"{scenario} {NASTY}", "what": "What to watch."},
        "machine": {"kernel": "Linux 6.1", "strace": "6.1", "cpu": "A CPU"},
        "clients": [],
        "threads": [],
        "descriptors": [],
        "steps": [{"line": NASTY}],
        "sources": {"labs/a.cpp": source},
    }


def test_an_empty_page_says_what_to_do_about_each_part() -> None:
    text = page(Contents())
    for sentence in SECTIONS.values():
        assert sentence in text


def test_the_reason_for_an_empty_part_is_told_when_it_is_known() -> None:
    text = page(Contents(absent={"side-by-side": "tracing is not permitted here"}))
    assert "tracing is not permitted here" in text
    assert SECTIONS["side-by-side"] not in text


def test_nothing_that_a_client_or_a_program_said_becomes_markup() -> None:
    report = replace(made_up_report(), made=NASTY)
    text = page(Contents(traces=[trace(source=NASTY)], comparison=report))
    assert NASTY not in text
    assert text.count("<script") == text.count("</script>") == 3


def test_the_page_asks_the_network_for_nothing() -> None:
    text = page(Contents(traces=[trace()])).replace("http://www.w3.org/", "")
    assert not re.search(r"https?://|@import|<link rel=.stylesheet|src=", text)


def test_a_trace_is_packed_and_comes_out_again() -> None:
    packed, data = bundle(Contents(traces=[trace()]))
    [scenario] = data["scenarios"]
    [name] = scenario["traces"]
    out = json.loads(gzip.decompress(base64.b64decode(packed.packed[name])))
    assert out["steps"] == trace()["steps"]


def test_a_source_stands_in_the_page_once_however_many_traces_show_it() -> None:
    packed, data = bundle(Contents(traces=[trace("a"), trace("b"), trace("c", source="other\n")]))
    assert len(data["sources"]) == 2
    assert len(packed.packed) == 3


def test_servers_stand_in_the_order_of_the_labs() -> None:
    traces = [trace("a", "04_epoll_et"), trace("a", "01_select"), trace("b", "02_poll")]
    _, data = bundle(Contents(traces=traces))
    assert [scenario["traces"] for scenario in data["scenarios"]] == [["a-01_select", "a-04_epoll_et"], ["b-02_poll"]]


def test_the_same_contents_give_the_same_page() -> None:
    contents = Contents(traces=[trace()], comparison=made_up_report())
    assert page(replace(contents, comparison=None)) == page(replace(contents, comparison=None))


def test_json_in_a_script_cannot_end_it() -> None:
    text = in_script({"a": "</script>\u2028"})
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == {"a": "</script>\u2028"}


def test_source_lines_keep_their_numbers_and_their_depth() -> None:
    text = 'int a;\n\n  /* two\n     lines */ b("<s>");\n'
    lines = marked_up("labs/a.cpp", text)
    assert len(lines) == 4
    assert [indent for indent, _ in lines] == [0, 0, 2, 5]
    plain = [re.sub(r"<[^>]*>", "", html) for _, html in lines]
    assert plain[3].startswith("lines */ b(")
    assert "&lt;s&gt;" in plain[3]


def test_a_file_of_another_language_is_shown_too() -> None:
    assert len(marked_up("server.py", "def f():\n    pass\n")) == 2
    assert marked_up("server.unheard-of", "x < y\n")[0][1].endswith("&lt; y")


def test_a_date_is_written_for_people_and_left_alone_if_it_is_none() -> None:
    assert tables.when("2030-01-02T03:04:05+00:00") == "2030-01-02 03:04 UTC"
    assert tables.when("yesterday") == "yesterday"
