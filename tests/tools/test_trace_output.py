"""What is made of a trace: the JSON, the listing, the Perfetto file, and the command that writes them."""

from __future__ import annotations

import json
import socket
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from muxlab.cli import main
from muxlab.scenarios.catalogue import SCENARIOS
from muxlab.trace import listing
from muxlab.trace.model import ClientAction, Frame, Machine, Play, Program, Thread, Trace
from muxlab.trace.perfetto import DESCRIPTORS, THREADS, events, wakes
from muxlab.trace.storage import as_json
from trace_stage import SELECTORS, built, needs_strace

KINDS = {
    "wait_enter": {"interest", "nfds", "timeout_ms", "maxevents", "set_bytes"},
    "wait_return": {"ready", "cleared", "timed_out", "result"},
    "ctl": {"op", "target", "target_descriptor", "events"},
    "accept": {"new_fd", "new_descriptor"},
    "recv": {"asked", "bytes", "text"},
    "send": {"asked", "bytes", "text"},
    "wake_write": {"value", "reader"},
    "wake_drain": {"value", "reader"},
}
COMMON = {
    *("i", "t", "seconds", "tid", "beat", "kind", "call", "fd", "descriptor", "line", "stack", "frames_left_out"),
    *("errno", "injected", "copied_in", "copied_out", "scanned_kernel", "scanned_user"),
}


def trace_of(name: str) -> Trace:
    result = built(name)
    return Trace(
        program=Program("server", None, "epoll", ("server",)),
        scenario=Play("hello", "One client says hello", "What to watch."),
        machine=Machine("Linux", "6.1", "a CPU"),
        seconds=result.steps[-1].t,
        clients=(ClientAction(0, 0.0, "A", "connects", None, "A connects", 0),),
        threads=tuple(Thread(place, f"thread {place}", number) for place, number in enumerate(result.threads, 1)),
        descriptors=result.descriptors,
        steps=result.steps,
        sources={"a.cpp": "text"},
    )


@pytest.mark.parametrize("name", ["select", "poll", "epoll_et", "threads"])
def test_the_json_is_what_the_documentation_says(name: str) -> None:
    written = json.loads(json.dumps(as_json(trace_of(name))))
    assert written["schema"] == "muxlab-trace/1"
    documented = (Path(__file__).parents[2] / "docs" / "trace_format.md").read_text()
    for field in written:
        assert f"`{field}`" in documented
    for step in written["steps"]:
        extra = set(step) - COMMON
        assert set(step) >= COMMON
        if step["kind"] in KINDS:
            assert extra == KINDS[step["kind"]]
        for field in set(step):
            assert f"`{field}`" in documented, field
    ids = {one["id"] for one in written["descriptors"]} | {None}
    for step in written["steps"]:
        assert step["descriptor"] in ids
        for one in [*step.get("interest", []), *step.get("ready", [])]:
            assert one["descriptor"] in ids


def slices(trace: Trace, group: int) -> list[dict[str, Any]]:
    return [one for one in events(trace) if one["ph"] == "X" and one["pid"] == group]


def test_perfetto_has_a_track_for_each_thread_and_descriptor() -> None:
    trace = trace_of("threads")
    names = [one for one in events(trace) if one["name"] == "thread_name"]
    assert sum(one["pid"] == THREADS for one in names) == 3
    assert sum(one["pid"] == DESCRIPTORS for one in names) == len(trace.descriptors)
    lives = [one for one in slices(trace, DESCRIPTORS) if one["cat"] == "life"]
    assert len(lives) == len(trace.descriptors)
    assert any("connection" in one["name"] for one in lives)


def test_perfetto_calls_of_a_thread_do_not_overlap() -> None:
    for thread in (1, 2, 3):
        mine = sorted(
            (one for one in slices(trace_of("threads"), THREADS) if one["tid"] == thread and one["name"] != "woken"),
            key=lambda one: one["ts"],
        )
        assert len(mine) > 3
        for before, after in pairwise(mine):
            # A microsecond is the least that is drawn, and strace's clock ticks in microseconds.
            assert before["ts"] + before["dur"] <= after["ts"] + 2


def test_perfetto_arrows_lead_from_a_wake_up_into_the_wait_that_it_ended() -> None:
    trace = trace_of("threads")
    arrows = [one for one in events(trace) if one["ph"] in "sf"]
    pairs = list(wakes(trace.steps))
    assert len(arrows) == 2 * len(pairs) > 4
    for begin, end in zip(arrows[0::2], arrows[1::2], strict=True):
        assert (begin["ph"], end["ph"], begin["id"]) == ("s", "f", end["id"])
        around = [
            [
                one["name"]
                for one in slices(trace, THREADS)
                if one["tid"] == arrow["tid"] and one["ts"] <= arrow["ts"] <= one["ts"] + one["dur"]
            ]
            for arrow in (begin, end)
        ]
        assert "write" in around[0]
        assert {"epoll_wait", "woken"} <= set(around[1])
        assert begin["ts"] < end["ts"]
    assert any(write.tid != wait.tid for write, wait in pairs)


def test_the_listing_tells_who_did_what(capsys: pytest.CaptureFixture[str]) -> None:
    listing.show(trace_of("epoll_lt"), every_line=True)
    text = capsys.readouterr().out
    assert "● A connects" in text
    assert "epoll_wait waits for" in text
    assert "= EAGAIN" in text
    assert "cut here" not in text


def test_a_long_listing_is_cut_with_one_line_that_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_LINES", 10)
    trace = trace_of("epoll_lt")
    listing.show(trace, every_line=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 10 + 1
    hidden = len(list(listing.listed(trace))) - 10
    assert lines[-1] == f"… cut here: {hidden} more lines; --all shows them, --json FILE keeps them"


def test_the_lab_s_own_line_is_shown_first() -> None:
    frames = (Frame("send", "common/socket.cpp", 9), Frame("serve", "labs/03_epoll_lt/epoll_server.cpp", 65))
    trace = trace_of("poll")
    (step,) = [step for step in trace.steps if step.kind == "accept" and step.errno is None][:1]
    shown = listing.place_of(frames)
    assert shown == "epoll_server.cpp:65"
    assert listing.place_of(frames[:1]) == "socket.cpp:9"
    assert listing.place_of(step.stack) == ""


def test_the_command_writes_all_that_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs_strace()
    files = {name: tmp_path / name for name in ("json", "perfetto", "strace")}
    options = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    server = f"{sys.executable} -I {SELECTORS} {{port}}"
    assert main(["trace", "--server", server, "--scenario", "half-close", *options]) == 0
    assert "● A has nothing more to send" in capsys.readouterr().out
    trace = json.loads(files["json"].read_text())
    assert trace["scenario"]["id"] == "half-close"
    assert json.loads(files["perfetto"].read_text())["traceEvents"]
    assert "epoll_wait(" in files["strace"].read_text(encoding="latin-1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a lab"),
        (["03", "--server", "socat"], "name a lab"),
        (["00"], "no echo server"),
        (["03", "--scenario", "nothing"], "choose hello"),
        (["03", "--port", "8080"], "--port is for --server"),
        (["--server", "no-such-program {port}"], "no program no-such-program"),
        (["--server", " "], "needs a command"),
        (["--server", "'"], "no command line"),
        (["--server", "false {port}"], "did not start"),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    needs_strace()
    assert main(["trace", *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    needs_strace()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["trace", "--server", "sleep 9", "--port", str(port)]) == 1
    assert f"port {port} is taken" in capsys.readouterr().err


def test_every_scenario_is_listed_with_what_to_watch(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--list"]) == 0
    out = capsys.readouterr().out
    for scenario in SCENARIOS:
        assert scenario.id in out
        assert scenario.what.endswith(".")
        assert scenario.title
