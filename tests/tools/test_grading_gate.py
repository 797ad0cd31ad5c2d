"""The shim: it holds servers at their calls and shortens their reads and writes, and they do not notice."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from grading_stage import TOOLS, each_lab, lab_under_test, needs_strace, needs_tools, odd_server
from muxlab.grading import Instrument, InstrumentError, Instruments
from muxlab.strace.decode import Transfer, Wait
from stage import write_script

pytestmark = needs_tools


@each_lab
def test_one_byte_at_a_time_is_slow_but_complete(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(gate=True)
        server.gate.clamp(recv=1, send=1)
        client = server.client()
        client.sends(lab.bytes(500))
        client.expects_echo()
        server.quiet()  # a call is counted when it has returned, and the client may be quicker
        assert server.gate.count("recv") >= 500
        assert server.gate.count("send") >= 500
        assert server.gate.received == server.gate.sent == 500


@needs_strace
@pytest.mark.parametrize("mode", ["good", "asyncio", "threads"])
def test_a_shortened_call_is_a_real_call_for_fewer_bytes(tmp_path: Path, mode: str) -> None:
    with odd_server(tmp_path, mode, gate=True, trace=True) as server:
        server.gate.clamp(recv=3, calls=2)
        client = server.client()
        client.sends(b"0123456789")
        client.expects_echo()
        received = (step for step in server.decoded("recv") if isinstance(step, Transfer))
        moved = [step.moved for step in received if step.label.startswith("TCP:") and step.moved > 0]
        assert moved == [3, 3, 4]


@each_lab
def test_what_comes_while_it_is_parked_is_one_batch(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(gate=True)
        talker = server.client("talker")
        talker.pings()
        server.quiet()
        waits, accepted = server.gate.count("wait"), server.gate.accepted
        with server.parked():
            many = server.clients(20)
            talker.sends(b"hello")
        server.quiet()
        assert server.gate.accepted == accepted + 20
        assert server.gate.count("wait") <= waits + 4 * len(server.threads())
        talker.expects_echo()
        for client in many:
            client.pings()


@needs_strace
@pytest.mark.parametrize("number", ["02", "03", "04"])
def test_one_wait_tells_of_the_whole_batch(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(gate=True, trace=True)
        clients = server.clients(5)
        mark = server.mark()
        with server.parked():
            for client in clients:
                client.sends(b"x")
        server.quiet()
        told = [len(step.ready) for step in server.decoded("wait", since=mark) if isinstance(step, Wait)]
        assert max(told) == 5


@needs_strace
@each_lab
def test_parking_interrupts_the_wait_and_the_program_does_not_hear_of_it(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(gate=True, trace=True)
        client = server.client()
        client.pings()
        server.quiet()
        waits = server.gate.count("wait")
        mark = server.mark()
        with server.parked():
            pass
        server.quiet()
        assert server.gate.count("wait") == waits
        assert {call.result for call in server.calls("wait", since=mark) if call.finished} <= {None, -1}
        client.pings()


@each_lab
def test_descriptor_numbers_are_those_of_a_server_without_the_shim(number: str) -> None:
    with lab_under_test(number) as lab:
        plain, gated = lab.start(), lab.start(gate=True)
        clients = plain.client(), gated.client()
        for client in clients:
            client.pings()
        assert plain.fd_of(clients[0]) == gated.fd_of(clients[1])
        assert plain.descriptors().keys() == gated.descriptors().keys()


@each_lab
def test_a_signal_between_the_last_test_of_the_flag_and_the_wait(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(gate=True)
        with server.parked():
            server.signal(signal.SIGTERM)
            assert server.ended() is None
        assert server.ends().code == 0


def test_a_trap_at_the_third_recv() -> None:
    with lab_under_test("03") as lab:
        server = lab.start(gate=True)
        client = server.client()
        fd = server.fd_of(client)
        with server.trap("recv", fd=fd, nth=3) as trap:
            for _ in range(2):
                client.pings()
            assert not server.catches(trap)
            client.sends(b"x")
            assert server.catches(trap)
            assert trap.held == (server.pid,)
            client.expects_nothing()
        client.expects_echo()


def test_a_trap_that_steps() -> None:
    with lab_under_test("03") as lab:
        server = lab.start(gate=True)
        client = server.client()
        server.gate.clamp(recv=1)
        trap = server.trap("send", after=True)
        client.sends(b"abc")
        for letter in (b"a", b"b", b"c"):
            assert server.catches(trap)
            client.expects(letter)
            client.expects_nothing()
            trap.step()
        trap.release()
        client.pings()


def test_one_worker_is_held_and_the_others_work_on() -> None:
    with lab_under_test("05") as lab:
        server = lab.start("--threads", "2", gate=True)
        first, second = server.clients(2)
        held, _ = (state.tid for state in server.waiting() if state.tid != server.pid)
        with server.parked(thread=held) as trap:
            assert trap.held == (held,)
            for client in (first, second):
                client.sends(b"x")
            server.quiet()
            served = [client for client in (first, second) if client.connection.take()]
            assert len(served) == 1
        for client in (first, second):
            client.expects_echo()


def test_a_post_between_the_workers_unlock_and_its_next_wait() -> None:
    """The window in which a wake-up can be lost: nothing but a mutex marks it."""
    with lab_under_test("05") as lab:
        server = lab.start("--threads", "1", gate=True)
        (worker,) = (state.tid for state in server.waiting() if state.tid != server.pid)
        trap = server.trap("unlock", thread=worker, after=True, only_first=True)
        first = server.client("A")
        server.expects_caught(trap)
        second = server.client("B")
        server.quiet()
        trap.release()
        for client in (second, first):
            client.pings()


def test_a_trap_that_nobody_walks_into() -> None:
    with lab_under_test("03") as lab:
        server = lab.start(gate=True)
        trap = server.trap("read")
        server.client().pings()
        assert not server.catches(trap)


@pytest.mark.parametrize("mode", ["good", "asyncio", "masked"])
def test_programs_that_nobody_here_wrote_are_parked_too(tmp_path: Path, mode: str) -> None:
    with odd_server(tmp_path, mode, gate=True) as server:
        client = server.client()
        client.pings()
        with server.parked() as trap:
            assert trap.held == (server.pid,)
            client.sends(b"hello")
            client.expects_nothing()
        client.expects_echo()


def test_a_server_that_blocks_in_accept_is_left_there(tmp_path: Path) -> None:
    with odd_server(tmp_path, "threads", gate=True) as server:
        with server.parked() as trap:
            assert trap.held == ()
            client = server.client()
        client.pings()


def test_a_batch_behind_a_clamp_on_one_descriptor() -> None:
    with lab_under_test("03") as lab:
        server = lab.start(gate=True)
        first, second = server.clients(2)
        server.gate.clamp(recv=1, fd=server.fd_of(first))
        before = server.gate.count("recv")
        for client in (first, second):
            client.sends(bytes(100))
            client.expects_echo()
        assert 101 <= server.gate.count("recv") - before <= 103
        server.gate.unclamp()
        first.sends(bytes(100))
        first.expects_echo()


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_a_static_binary_cannot_be_gated_and_the_reason_is_told(tmp_path: Path) -> None:
    source = tmp_path / "static.c"
    source.write_text("int main(void) { return 0; }\n")
    built = subprocess.run(["cc", "-static", source, "-o", tmp_path / "static"], capture_output=True, check=False)
    if built.returncode != 0:
        pytest.skip("no static libc")
    assert "static binary" in Instruments(tmp_path / "static", TOOLS).why_not(Instrument.GATE)


def test_a_program_that_does_not_start_with_the_shim(tmp_path: Path) -> None:
    with odd_server(tmp_path, "good") as server:
        inner = server.process.program
    program = write_script(tmp_path / "p", f'[ -n "$LD_PRELOAD" ] && exit 3; exec \'{inner}\' "$@"')
    assert Instruments(program, TOOLS).why_not(Instrument.GATE).startswith("cannot be gated: with the shim p ")


def test_a_program_that_never_starts_has_no_excuse(tmp_path: Path) -> None:
    program = write_script(tmp_path / "p", "echo no; exit 3")
    assert Instruments(program, TOOLS).why_not(Instrument.GATE) == ""


def test_a_program_that_throws_the_shim_off(tmp_path: Path) -> None:
    with odd_server(tmp_path, "good") as server:
        inner = server.process.program
    program = write_script(tmp_path / "p", f"unset LD_PRELOAD MUXLAB_GATE; exec '{inner}' \"$@\"")
    # The shell had it; the program that serves has not.
    assert "does not load the shim" in Instruments(program, TOOLS).why_not(Instrument.GATE)


def test_instrument_errors_are_no_failures() -> None:
    assert not issubclass(InstrumentError, AssertionError)
