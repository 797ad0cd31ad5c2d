"""Rest: every server that has done its work is at rest, and no spinning one ever is."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from grading_stage import each_lab, failure_of, lab_under_test, needs_strace, needs_tools, odd_server
from muxlab.grading import Deadlines, Failed, rest, threads
from muxlab.grading.calls_here import NUMBERS
from muxlab.grading.threads import ThreadState

pytestmark = needs_tools


class Strict(Deadlines):
    """Spinning is found out soon; all else may take its time."""

    @property
    def cpu(self) -> float:
        return 0.3


@each_lab
def test_the_labs_rest_before_and_after_their_work(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start()
        server.quiet()
        client = server.client()
        client.sends(lab.bytes(100_000))
        client.expects_echo()
        server.quiet()
        assert {state.call for state in server.waiting()} <= {
            "01": {"select", "pselect6"},
            "02": {"poll", "ppoll"},
        }.get(number, {"epoll_wait", "epoll_pwait"})


@each_lab
def test_a_server_that_waits_for_a_slow_reader_rests(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start()
        client = server.client(rcvbuf=4096)
        taken = client.sends(bytes(16 * 1024 * 1024))
        assert 0 < taken < 16 * 1024 * 1024
        server.quiet()
        server.client("B").pings()
        client.reads(taken)


@pytest.mark.parametrize("mode", ["good", "asyncio", "threads", "housekeeper"])
def test_foreign_servers_rest_as_well(tmp_path: Path, mode: str) -> None:
    with odd_server(tmp_path, mode) as server:
        client = server.client()
        client.pings()
        server.quiet()
        client.expects_nothing()


def test_a_server_that_answers_when_its_wait_is_over_is_given_the_time(tmp_path: Path) -> None:
    with odd_server(tmp_path, "late") as server:
        client = server.client()
        for _ in range(3):
            client.pings()
        client.expects_nothing()
        (loop,) = server.waiting()
        assert loop.time_limit == pytest.approx(0.1)


def napping(turns: int) -> ThreadState:
    """A thread in epoll_pwait(4, …, 64, 100)."""
    raw = f"{NUMBERS['epoll_pwait']} 0x4 0x7f00 0x40 {100:#x} 0x0 0x0 0x7f00 0x7f00"
    return ThreadState(1, 1, "S", turns, raw)


def test_a_server_that_loses_its_cpu_all_the_time_is_given_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its turns rise with every look, and not because its wait has ended."""
    clock, turns = 0.0, 0
    monkeypatch.setattr(rest, "time", SimpleNamespace(monotonic=lambda: clock))
    monkeypatch.setattr(rest, "states", lambda pid: [napping(turns)])
    view = rest.View(
        os.getpid(),
        held=set,
        in_flight=lambda: False,
        has_work=lambda: True,
        fruitless=lambda: 0,
        check_alive=lambda: None,
        survivors=list,
        failed=Failed,
    )
    watch = rest.RestWatch(view, Deadlines())
    while turns < 20:
        turns += 1
        assert not watch.look()
    clock = 0.25  # the wait has ended twice
    assert watch.look()


def test_a_thread_that_is_only_about_to_sleep_is_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc/PID/stat says S already, and /proc/PID/syscall that it has not left the CPU."""
    files = {"schedstat": "1 1 7", "stat": "1 (a b) S 0 0", "syscall": "running\n"}
    monkeypatch.setattr(threads, "_read", lambda path: files[path.rpartition("/")[2]])
    monkeypatch.setattr(threads, "thread_ids", lambda pid: [pid])
    (thread,) = threads.states_of([1])
    assert not thread.sleeps
    assert str(thread) == "is running"


def test_the_time_limits_of_the_labs() -> None:
    for number in ("01", "02", "03", "04"):
        with lab_under_test(number) as lab:
            (loop,) = lab.start().waiting()
            assert loop.time_limit is None
            (loop,) = lab.start("--timeout-ms", "70000").waiting()
            assert loop.time_limit == pytest.approx(70)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({}, "it spins: it uses the CPU"),
        ({"gate": True}, "calls in a row neither moved a byte nor accepted a client"),
        pytest.param({"trace": True}, "calls in a row neither moved a byte", marks=needs_strace),
    ],
    ids=["plain", "gated", "traced"],
)
def test_a_spinning_server_never_rests(tmp_path: Path, how: dict[str, bool], reason: str) -> None:
    with odd_server(tmp_path, "spins", deadlines=Strict(scale=10), **how) as server:
        client = server.client()
        client.half_closes()
        failed = failure_of(server.quiet, server)
        assert failed.outcome == "the server never comes to rest"
        assert reason in failed.details[0]


def test_a_server_that_is_stopped_and_goes_on(tmp_path: Path) -> None:
    with odd_server(tmp_path, "good") as server:
        client = server.client()
        server.signal(signal.SIGSTOP)
        client.sends(b"hello")
        client.expects_nothing()
        server.signal(signal.SIGCONT)
        client.expects_echo()


def test_what_a_blocked_server_is_blocked_in_is_told(tmp_path: Path) -> None:
    with odd_server(tmp_path, "blocks") as server:
        client = server.client()
        client.sends(b"hello")
        failed = failure_of(client.expects_echo, server)
        assert failed.outcome == "got nothing"
        assert any(line.startswith("the server is asleep in read(") for line in failed.details)


def test_a_server_that_logs_to_a_stderr_that_nobody_reads() -> None:
    with lab_under_test("03") as lab:
        server = lab.start("--log", "debug", stderr="unread")
        client = server.client()
        for _ in range(100):
            client.pings()
        server.stops()


def test_a_connection_that_nobody_accepts_is_no_unrest(tmp_path: Path) -> None:
    with odd_server(tmp_path, "blocks") as server:
        server.client().sends(b"it sleeps now")
        waiting = server.client("B")
        waiting.sends(b"hello")
        server.quiet()
        assert os.path.exists(f"/proc/{server.pid}")  # noqa: PTH110
        waiting.expects_nothing()
