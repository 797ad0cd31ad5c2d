"""The report that a student reads, and the files that machines read."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from grade_stage import STORY, broken, failed, lab_result, not_run, passed, report_of
from muxlab.errors import MuxlabError
from muxlab.grading.files import as_json, dump, prepare, write
from muxlab.grading.gradescope import as_gradescope
from muxlab.grading.hints import Hints
from muxlab.grading.junit import as_junit
from muxlab.grading.report import report_lines
from muxlab.grading.results import BuildError, Failure, Report

HINTS = Hints({"ten-kilobytes": ("who wakes you for the rest?", "read until …", "EAGAIN")})
ONE_FAILED = report_of(lab_result("04", [passed("04.one-byte", 940), failed("04.ten-kilobytes", 60)]))


def text_of(report: Report, told: int | None = 3) -> str:
    return "\n".join(line.text.rstrip() for line in report_lines(report, HINTS, told))


def test_a_failure_is_told_in_the_order_of_the_design() -> None:
    assert text_of(ONE_FAILED) == (
        "graded with seed 7\n"
        "\n"
        "04  epoll(7), edge-triggered    █████████████████████████████████████░░░  94/100   1 of 2 failed\n"
        "\n"
        "✗ 04 · the title of ten-kilobytes                                                          −6 points\n"
        "  1  client A connects             ok\n"
        "  2  A sends 10,240 bytes          ok\n"
        "  3  A expects 10,240 bytes back   got 1,024, then nothing\n"
        "     expected 10,240 bytes\n"
        "     got      1,024 bytes\n"
        "  last calls on fd 6 (A):\n"
        "     epoll_server.cpp:41  epoll_wait → IN\n"
        "     epoll_server.cpp:77  recvfrom(6, 1024) = 1024\n"
        "  hint 1 of 3: who wakes you for the rest?      (./muxlab hint 04.ten-kilobytes)\n"
        "  again: ./muxlab grade 04 -k ten-kilobytes --seed 7\n"
        "\n"
        "94/100 points: 1 passed, 1 failed"
    )


def test_all_labs_have_a_bar_and_a_total() -> None:
    report = report_of(*(lab_result(number, [passed(f"{number}.a", 1000)]) for number in ("01", "02")))
    lines = text_of(report).splitlines()
    assert lines[2].endswith("█  100/100")
    assert lines[4].startswith("total")
    assert lines[4].endswith(" 200/200")
    assert lines[-1] == "200/200 points: 2 passed, 0 failed"


def test_a_program_that_does_not_build_is_told_with_the_compilers_error() -> None:
    error = BuildError("the build failed", "labs/x.cpp:3:1: error: no semicolon")
    text = text_of(report_of(lab_result("03", [failed("03.a", 700), failed("03.b", 300)], error)))
    assert "✗ 03 · the build failed\n  labs/x.cpp:3:1: error: no semicolon\n" in text
    assert "none of its 2 tests could be run: −100 points" in text
    assert text.endswith("0/100 points: 0 passed, 2 failed")


def test_what_was_not_run_is_named_with_the_reason_and_the_score_is_out_of_what_ran() -> None:
    text = text_of(report_of(lab_result("03", [passed("03.a", 600), not_run("03.b", 400, "no ptrace here")])))
    assert "60/60   1 not run (40 points)\n" in text
    assert "– 03 · not run, 1 test worth 40 points: no ptrace here\n  b\n" in text


def test_a_test_that_is_broken_is_not_the_students_fault() -> None:
    text = text_of(report_of(lab_result("03", [passed("03.a", 600), broken("03.b", 400, "ValueError: x")])))
    assert "– 03 · broken, 1 test worth 40 points: ValueError: x\n  b\n" in text
    assert "the grader's fault, not your server's" in text


def test_many_failures_are_told_in_short() -> None:
    kinds = [replace(STORY, outcome=f"outcome {number}") for number in range(10)]
    lab = lab_result("03", [failed(f"03.t{number}", 100, kind) for number, kind in enumerate(kinds)])
    text = text_of(report_of(lab))
    assert text.count("  1  client A connects") == 3
    short = [line for line in text.splitlines() if line.startswith("✗ 03.t")]
    assert len(short) == 7
    assert short[0].startswith("✗ 03.t3 · the title of t3   ")
    assert short[0].endswith("   −10 points")
    assert "  told in full: ./muxlab grade 03 --full --seed 7" in text
    assert text_of(report_of(lab), None).count("  1  client A connects") == 10


def test_failures_of_a_kind_are_told_once() -> None:
    dead = Failure("it does not start", (), ("not written yet: SelectServer::run",))
    lab = lab_result("01", [failed(f"01.t{number}", 100, dead) for number in range(10)])
    text = text_of(report_of(lab))
    assert text.count("not written yet") == 1
    assert "  the same in 9 tests worth 90 points: t1, t2, t3, t4, t5, t6, t7, t8, t9" in text
    assert "hint" not in text


def test_a_server_that_ends_for_one_reason_is_one_kind_whatever_its_log_says() -> None:
    ends = [
        Failure("the server has ended: exit code 1", died=(f"  0.{fd}8  4{fd} info  fd {fd} closed", "select: Bad fd"))
        for fd in (6, 7)
    ]
    lab = lab_result("01", [failed("01.a", 500, ends[0]), failed("01.b", 500, ends[1])])
    assert "  the same in 1 test worth 50 points: b" in text_of(report_of(lab))


def test_a_crash_is_not_said_to_have_one_cause() -> None:
    crash = Failure("the server has ended: killed by SIGSEGV")
    lab = lab_result("01", [failed("01.a", 500, crash), failed("01.b", 500, crash)])
    text = text_of(report_of(lab))
    assert "  the same outcome in 1 test worth 50 points, perhaps for another reason: b" in text


def test_a_crash_leads_to_the_test_that_names_its_line() -> None:
    crash, given_up = (Failure(f"the server has ended: {how}") for how in ("killed by SIGSEGV", "exit code 1"))
    where = "  where: ./muxlab grade 01 -k no-leaks (it runs with sanitizers, and they name the line)"
    assert where in text_of(report_of(lab_result("01", [failed("01.a", 1000, crash)])))
    assert "where:" not in text_of(report_of(lab_result("01", [failed("01.a", 1000, given_up)])))


def test_a_server_that_does_not_start_is_one_kind_though_its_words_may_be_lost() -> None:
    heard, unheard = (
        Failure("it does not start", (), (f"01_select did not start (exit code 70): {words}",))
        for words in ("not written yet: SelectServer::run", "it did not say why")
    )
    lab = lab_result("01", [failed("01.a", 500, heard), failed("01.b", 500, unheard)])
    assert "  the same in 1 test worth 50 points: b" in text_of(report_of(lab))


def test_trouble_is_told() -> None:
    report = report_of(lab_result("01", [passed("01.a", 1000)]), troubles=("the tests cannot be loaded: SIGKILL",))
    assert "Grading did not come to its end: the tests cannot be loaded: SIGKILL" in text_of(report)


def test_the_json_has_all_of_it() -> None:
    content = json.loads(dump(as_json(ONE_FAILED)))
    assert (content["format"], content["version"]) == ("muxlab-grade", 1)
    assert (content["score"], content["possible"], content["max_score"], content["exit_code"]) == (94, 100, 100, 1)
    assert (content["seed"], content["complete"], content["official"]) == (7, True, False)
    [lab] = content["labs"]
    assert (lab["lab"], lab["folder"], lab["score"]) == ("04", "04_epoll_et", 94)
    good, bad = lab["tests"]
    assert (good["status"], good["score"], good["failure"]) == ("passed", 94, None)
    assert (bad["status"], bad["score"], bad["max_score"]) == ("failed", 0, 6)
    assert bad["reason"] == "A expects 10,240 bytes back: got 1,024, then nothing"
    assert bad["again"] == "./muxlab grade 04 -k ten-kilobytes --seed 7"
    assert bad["failure"]["steps"][0] == {"number": 1, "text": "client A connects", "outcome": "ok"}


def test_junit() -> None:
    results = [*ONE_FAILED.labs[0].results, not_run("04.c", 1, "no ptrace"), broken("04.d", 1, "Value\x00Error")]
    root = ET.fromstring(as_junit(report_of(lab_result("04", results))))
    assert root.attrib == {
        "name": "muxlab", "tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "4.200",
    }  # fmt: skip
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert len(cases["one-byte"]) == 0
    told = cases["ten-kilobytes"].findtext("failure") or ""
    assert "3  A expects 10,240 bytes back   got 1,024, then nothing" in told
    skipped, error = cases["c"].find("skipped"), cases["d"].find("error")
    assert skipped is not None
    assert skipped.get("message") == "no ptrace"
    assert error is not None
    assert error.get("message") == "the title of d: Value?Error"


def test_gradescope() -> None:
    results = [*ONE_FAILED.labs[0].results, failed("04.secret", 5, hidden=True), not_run("04.c", 1, "no ptrace")]
    content = as_gradescope(report_of(lab_result("04", results)), HINTS)
    assert (content["score"], content["max_score"], content["execution_time"]) == (94, 100, 4)
    good, bad, secret, missing = content["tests"]
    assert (good["score"], good["max_score"], good["status"], good["output"]) == (94, 94, "passed", "")
    assert (bad["score"], bad["max_score"], bad["status"], bad["output_format"]) == (0, 6, "failed", "text")
    assert bad["output"].startswith("✗ 04 · the title of ten-kilobytes")
    assert (bad["visibility"], secret["visibility"]) == ("visible", "hidden")
    assert "score" not in missing
    assert "status" not in missing
    assert missing["output"] == "not run: no ptrace"


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("old")
    prepare(path)
    assert not path.exists()
    write(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told_before_grading(tmp_path: Path) -> None:
    with pytest.raises(MuxlabError, match=r"there is no folder .*nowhere to write r.json to"):
        prepare(tmp_path / "nowhere" / "r.json")
