"""The load generator, against servers that echo well and servers that do not.

It is not part of an ordinary build: cmake --build --preset release --target bench.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stage import BACKSTOP, REPOSITORY

Echo = Callable[[bytes, int], bytes]
"""What a server sends back for what it received; and how many bytes of that client came before."""


def find_loadgen() -> Path | None:
    folders = [Path(os.environ.get("MUXLAB_BIN", ".")), REPOSITORY / "build/release/bin", REPOSITORY / "build/dev/bin"]
    return next((folder / "loadgen" for folder in folders if (folder / "loadgen").exists()), None)


LOADGEN = find_loadgen()
pytestmark = pytest.mark.skipif(LOADGEN is None, reason="loadgen is not built: cmake --build … --target bench")


@contextmanager
def serving(echo: Echo, hang_up_after: int | None = None) -> Iterator[int]:
    """A server with a thread for each client, in this process. Gives its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listener:
        clients: list[socket.socket] = []

        def serve(client: socket.socket) -> None:
            before = 0
            try:
                while data := client.recv(65536):
                    client.sendall(echo(data, before))
                    before += len(data)
                    if hang_up_after is not None and before >= hang_up_after:
                        break
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client is gone, or the test is over

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                clients.append(client)
                threading.Thread(target=serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for client in clients:
                client.close()


def run(port: int, *options: str) -> subprocess.CompletedProcess[str]:
    assert LOADGEN is not None
    return subprocess.run(
        [LOADGEN, "--port", str(port), *options], capture_output=True, text=True, timeout=BACKSTOP, check=False
    )


def told(port: int, *options: str) -> dict[str, Any]:
    done = run(port, *options)
    assert (done.returncode, done.stderr) == (0, "")
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def complaint(port: int, *options: str) -> str:
    done = run(port, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


def faithful(data: bytes, _: int) -> bytes:
    return data


@pytest.mark.parametrize(
    "options",
    [
        ("--connections", "1"),
        ("--connections", "40", "--depth", "3"),
        ("--size", "1"),
        ("--size", "200000", "--depth", "4", "--connections", "3"),
        ("--idle", "100"),
        ("--rate", "20000"),
        ("--warm-up", "100"),
    ],
    ids=" ".join,
)
def test_every_message_comes_back_and_is_counted(options: tuple[str, ...]) -> None:
    with serving(faithful) as port:
        data = told(port, "--messages", "400", *options)
    assert data["messages"] == 400
    assert data["idleLost"] == 0
    assert 0 < data["latency"]["least"] <= data["latency"]["p50"] <= data["latency"]["p99"] <= data["latency"]["most"]


def corrupt(at: int) -> Echo:
    def echo(data: bytes, before: int) -> bytes:
        changed = bytearray(data)
        if before <= at < before + len(data):
            changed[at - before] ^= 0x01
        return bytes(changed)

    return echo


@pytest.mark.parametrize("at", [0, 63, 64, 100_000])
def test_a_changed_byte_is_found_and_named(at: int) -> None:
    with serving(corrupt(at)) as port:
        said = complaint(port, "--connections", "1", "--size", "64", "--depth", "8", "--messages", "3000")
    assert f"client 0: byte {at} came back as 0x" in said


def test_a_byte_that_was_lost_is_found() -> None:
    with serving(lambda data, before: data[1:] if before == 0 else data) as port:
        assert "byte 0 came back" in complaint(port, "--connections", "1", "--messages", "10")


def test_a_byte_that_came_twice_is_found() -> None:
    with serving(lambda data, before: data[:10] + data[9:] if before == 0 else data) as port:
        said = complaint(port, "--connections", "1", "--messages", "10")
    assert "byte 10 came back" in said or "more came back than was sent: 65 bytes of 64" in said


def test_the_bytes_of_another_client_are_found() -> None:
    first: list[bytes] = []

    def mix_up(data: bytes, _: int) -> bytes:
        first.append(data)
        return first[0]

    with serving(mix_up) as port:
        assert "came back as" in complaint(port, "--connections", "2", "--messages", "2")


def test_a_server_that_hangs_up_is_told() -> None:
    with serving(faithful, hang_up_after=640) as port:
        said = complaint(port, "--connections", "1", "--messages", "100")
    assert "hung up after 640 bytes" in said or "recv: Connection reset by peer" in said or "Broken pipe" in said


def test_a_server_that_never_answers_is_not_waited_for_for_ever() -> None:
    with serving(lambda *_: b"") as port:
        said = complaint(port, "--connections", "3", "--messages", "9", "--patience", "0.1")
    assert "3 messages were not answered" in said


def test_clients_come_and_go() -> None:
    with serving(faithful) as port:
        data = told(port, "--connections", "5", "--messages", "400", "--lifetime", "10")
    assert data["messages"] == 400
    assert data["clientsThatLeft"] >= 35  # 40 lives of 10 messages, of which the last five may not have ended


def test_slow_readers_do_not_keep_the_others_from_being_measured() -> None:
    with serving(faithful) as port:
        data = told(port, "--connections", "2", "--slow-readers", "2", "--messages", "200")
    assert data["messages"] == 200


def test_a_stall_shows_in_every_message_that_was_due_while_it_lasted() -> None:
    stall = 0.3  # seconds; not a wait for anything: it is what the latencies have to show

    def stall_once(data: bytes, before: int) -> bytes:
        if before == 0:
            time.sleep(stall)
        return data

    with serving(stall_once) as port:
        data = told(port, "--connections", "1", "--messages", "300", "--rate", "1000")
    # Half of the messages were due in the first 150 ms, and none of those was answered before the stall was over. A
    # client that counted from when it could send would have found one slow message out of 300.
    assert data["latency"]["p50"] >= (stall - 0.151) * 1e6


def test_a_latency_counts_from_when_a_message_was_due_if_there_is_a_rate() -> None:
    with serving(faithful) as port:
        assert told(port, "--messages", "50", "--rate", "5000")["latency"]["corrected"] is True
        assert told(port, "--messages", "50")["latency"]["corrected"] is False


def test_its_own_share_of_the_processor_and_the_servers_are_told() -> None:
    with serving(faithful) as port:
        data = told(port, "--messages", "200", "--server-pid", str(os.getpid()))
    assert data["clientCpuShare"] > 0
    assert data["serverCpuPerMessage"] > 0


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert f"connect 127.0.0.1:{port}: Connection refused" in complaint(port)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--size", "0"), "--size: '0' is not a number in the range allowed"),
        (("--messages", "many"), "--messages: 'many'"),
        (("--fast",), "unknown option --fast"),
        (("--depth",), "--depth needs a value"),
        (("more",), "unexpected argument more"),
    ],
)
def test_a_wrong_command_line_is_one_line(options: tuple[str, ...], words: str) -> None:
    done = run(1, *options)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
