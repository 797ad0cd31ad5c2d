"""The server under test: the circumstances it runs in, what is seen of it from outside, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grading_stage import (
    PROGRAMS,
    SEED,
    TOOLS,
    each_lab,
    failure_of,
    lab_under_test,
    needs_strace,
    needs_tools,
    odd_server,
)
from muxlab.grading import Deadlines, Failed, Instrument, Instruments, LabUnderTest
from muxlab.sockets import LISTEN, Sockets, fd_of_inode
from stage import BACKSTOP, REPOSITORY, Lifeline, write_script

pytestmark = needs_tools


@each_lab
def test_descriptors_are_found_and_tell_their_flags(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start()
        clients = server.clients(3)
        found = [server.descriptor_of(client) for client in clients]
        assert len({descriptor.number for descriptor in found}) == 3
        assert all(d.is_socket and d.nonblocking and d.cloexec for d in (*found, server.listener()))
        clients[1].closes()
        server.quiet()
        assert found[1].number not in server.descriptors()
        failed = failure_of(lambda: server.fd_of(clients[1]), server)
        assert "has no descriptor in the server" in failed.outcome


@pytest.mark.parametrize(("number", "edge"), [("03", False), ("04", True), ("05", False)])
def test_what_epoll_watches(number: str, edge: bool) -> None:
    with lab_under_test(number) as lab:
        server = lab.start()
        client = server.client()
        client.pings()
        (entry,) = server.registrations_of(client)
        assert entry.edge == edge
        assert entry.reads
        assert entry.writes == edge
        assert not entry.oneshot
        assert entry.inode == server.descriptor_of(client).inode
        assert server.orphans() == []


def test_select_and_poll_have_no_registrations() -> None:
    with lab_under_test("01") as lab:
        assert lab.start().registrations() == []


@each_lab
def test_few_open_files(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(nofile=30)
        clients = server.clients(10)
        for client in clients:
            client.pings()
        assert lab.story.steps[0].text == "server starts with at most 30 open files"


def test_few_numbers_below_fd_setsize(tmp_path: Path) -> None:
    if why := Instruments(PROGRAMS, TOOLS).why_not(Instrument.MANY_DESCRIPTORS):
        pytest.skip(why)
    with lab_under_test("03") as lab:
        server = lab.start(free_below_1024=10)
        clients = server.clients(20)
        numbers = [server.fd_of(client) for client in clients]
        assert min(numbers) >= 1014
        assert max(numbers) >= 1024
        taken = [d for d in server.descriptors().values() if d.number > 2 and d.target == "/dev/null" and not d.cloexec]
        assert len(taken) == 1024 - 3 - 10
        for client in clients:
            client.pings()


def test_a_program_that_is_to_fail() -> None:
    with lab_under_test("01") as lab:
        ended = lab.runs_to_its_end("--port", "abc")
        assert (ended.code, ended.signal, ended.stdout) == (2, None, "")
        assert len(ended.stderr.splitlines()) == 1
        assert lab.runs_to_its_end("--help").stdout.startswith("usage: ")
        serves = lab.runs_to_its_end()
        assert serves.code == 0
        assert serves.how.startswith("serving on 127.0.0.1:")


def test_a_program_that_should_start_and_does_not(tmp_path: Path) -> None:
    with lab_under_test("03") as lab:
        with pytest.raises(Failed) as caught:
            lab.start("--frobnicate")
        assert caught.value.outcome == "it does not start"
        assert "exit code 2" in caught.value.details[0]
        assert "frobnicate" in caught.value.details[0]


def test_a_program_that_serves_and_has_not_said_so_is_not_waited_for(tmp_path: Path) -> None:
    # Were it waited for, the failure would speak of seconds.
    with pytest.raises(Failed) as caught, odd_server(tmp_path, "buffered"):
        pass
    assert caught.value.outcome == "it does not start"
    assert (
        caught.value.details[0]
        == "odd-buffered waits in epoll_wait and has not said 'listening on HOST:PORT' on stdout"
    )


@needs_strace
def test_nor_is_one_that_says_nothing_and_is_busy(tmp_path: Path) -> None:
    # It makes thousands of calls before that is seen, and on a busy machine that takes its time.
    patient = Deadlines(scale=10)
    with pytest.raises(Failed) as caught, odd_server(tmp_path, "frantic", trace=True, deadlines=patient):
        pass
    assert caught.value.outcome == "it does not start"
    assert caught.value.details[0].startswith("odd-frantic uses the CPU all the time and has not said 'listening on")


def test_a_server_that_listens_on_another_port_than_it_was_told(tmp_path: Path) -> None:
    with odd_server(tmp_path, "good") as server:
        inner, taken = server.process.program, server.address.port
        elsewhere = write_script(tmp_path / "p", f"exec '{inner}' \"$@\" --port 0")
        with LabUnderTest("00", elsewhere, seed=SEED, tools=TOOLS) as lab, pytest.raises(Failed) as caught:
            lab.start("--port", str(taken))
        assert caught.value.outcome == "it listens elsewhere"
        assert caught.value.details[0].startswith(f"it was told to listen on port {taken}, and says ")
        stubborn = write_script(tmp_path / "q", f"exec '{inner}' \"$@\" --port {taken}")
        with LabUnderTest("00", stubborn, seed=SEED, tools=TOOLS) as lab, pytest.raises(Failed) as caught:
            lab.start()
        assert caught.value.outcome == "it does not start"
        assert "Address already in use" in caught.value.details[0]
        assert caught.value.details[1].startswith("--port 0 lets the kernel choose a port that is free")


@pytest.mark.parametrize("number", ["02", "03"])
def test_a_terminal_as_stdout_and_a_stdin_with_something_in_it(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(stdout="pty", stdin="readable")
        server.client().pings()
        here = server.descriptors()
        assert here[0].target.startswith("pipe:")
        assert here[1].target.startswith("/dev/pts/")
        server.stops()


def test_it_must_end_and_with_exit_code_0(tmp_path: Path) -> None:
    with odd_server(tmp_path, "stubborn") as server:
        failed = failure_of(server.stops, server)
        assert failed.outcome == "it does not end"
        assert failed.details[0].startswith("the server is asleep in epoll_wait(")
    with odd_server(tmp_path, "unready") as server:
        assert failure_of(server.stops, server).outcome == "it should end with exit code 0: killed by SIGTERM"
        ended = server.ended()
        assert ended is not None
        assert ended.how == "killed by SIGTERM"


def test_what_is_checked_is_a_step_of_the_story() -> None:
    with lab_under_test("03") as lab:
        server = lab.start()
        server.check("it has a thread", len(server.threads()) == 1)
        failed = failure_of(lambda: server.check("it has two threads", len(server.threads()) == 2, "one"), server)
        assert [(step.text, step.outcome) for step in failed.steps] == [
            ("it has a thread", "ok"),
            ("it has two threads", "it is one"),
        ]
        assert server.rss_bytes() > 500_000


def test_the_two_ways_to_look_a_connection_up_agree() -> None:
    with lab_under_test("03") as lab:
        server = lab.start()
        client = server.client()
        client.pings()
        client.sends(b"x")
        server.quiet()
        fast, slow = Sockets(), Sockets(netlink=False)
        by_netlink, by_proc = (sockets.peer_of(client.local, server.address) for sockets in (fast, slow))
        assert by_netlink is not None
        assert by_proc is not None
        assert (by_netlink.state, by_netlink.inode) == (by_proc.state, by_proc.inode)
        assert by_netlink.received == 2
        assert fd_of_inode(server.pid, by_proc.inode) == server.fd_of(client)
        inode = fast.inode_of_listener(server.address)
        assert inode == server.listener().inode
        assert LISTEN == 10
        client.resets()
        server.quiet()
        assert fast.peer_of(client.local, server.address) is None
        assert slow.peer_of(client.local, server.address) is None
        fast.close()


@pytest.mark.parametrize(
    "how",
    ["", "gate=True", pytest.param("trace=True", marks=needs_strace), "nofile=50"],
    ids=lambda how: how or "plain",
)
def test_no_server_outlives_a_grader_that_is_killed(tmp_path: Path, how: str) -> None:
    program = PROGRAMS / "05_cross_thread_wakeup"
    if not program.exists():
        pytest.skip("lab 05 is not built")
    lifeline = Lifeline(tmp_path / "lifeline")
    wrapper = write_script(tmp_path / "p", f"exec 8>'{lifeline.path}'; echo here >&8; exec '{program}' \"$@\"")
    grader = f"""import os, signal, sys
sys.path.insert(0, {str(REPOSITORY / "tools")!r})
from pathlib import Path
from muxlab.grading import LabUnderTest, Tools
with LabUnderTest("05", Path({str(wrapper)!r}), seed=1, tools=Tools(Path({str(TOOLS.folder)!r}))) as lab:
    lab.start({how}).client().pings()
    os.kill(os.getpid(), signal.SIGKILL)"""
    # Who is killed does not tidy up: what is left behind goes with this test's own folder.
    process = subprocess.Popen([sys.executable, "-c", grader], env={**os.environ, "TMPDIR": str(tmp_path)})
    assert process.wait(BACKSTOP) == -signal.SIGKILL
    assert lifeline.await_line() == "here"
    lifeline.await_end()


def test_leaving_the_block_ends_the_servers_and_closes_everything() -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with lab_under_test("05") as lab:
        servers = [lab.start(), lab.start(gate=True)]
        servers[1].gate.trap("wait")
        for server in servers:
            server.clients(3)
    for server in servers:
        assert not Path(f"/proc/{server.pid}").exists()
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208
