"""Scenarios against servers that do it wrong: the diary says what happened, and the script goes on to its end."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from muxlab.process import Address
from muxlab.scenarios.catalogue import SCENARIOS, find_scenario
from muxlab.scenarios.delivery import await_arrival, end_of, has_arrived, in_flight, is_coming
from muxlab.scenarios.stage import BACKSTOP, Stage
from muxlab.sockets import CLOSE_WAIT, ESTABLISHED
from muxlab.trace.any_server import AnyServer, free_port, listening_on
from muxlab.trace.record import taken

BEGIN = """\
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
"""
MUTE = "clients = []\nwhile True: clients.append(listener.accept()[0])\n"
HALF = "c = listener.accept()[0]\nd = c.recv(99)\nc.send(d[:len(d) // 2])\nlistener.accept()\n"
SPINNING = "listener.setblocking(False)\nwhile True:\n try: listener.accept()\n except BlockingIOError: pass\n"
CRASHING = "listener.accept()\nos._exit(3)\n"
FORKING = """\
while True:
    client, _ = listener.accept()
    if os.fork() == 0:
        while data := client.recv(4096): client.sendall(data)
        os._exit(0)
    client.close()
"""


@contextmanager
def staged(folder: Path, script: str, patience: float = BACKSTOP) -> Iterator[Stage]:
    program = folder / "server.py"
    program.write_text(BEGIN + script)
    with AnyServer(f"{sys.executable} -I {program} {{port}}", free_port()) as server:
        stage = Stage(server, patience=patience)
        yield stage
        stage.leave()


def play_hello(folder: Path, script: str, patience: float = BACKSTOP) -> list[str]:
    with staged(folder, script, patience) as stage:
        find_scenario("hello").play(stage)
        assert len(stage.beats) == 4, "the same beats, whatever the server does"
    return [action.text for action in stage.actions]


def test_a_server_that_never_answers(tmp_path: Path) -> None:
    assert play_hello(tmp_path, MUTE) == [
        "A connects",
        "A sends 6 bytes",
        "A receives nothing, where 6 bytes had been sent",
        "A closes",
    ]


def test_a_server_that_loses_half(tmp_path: Path) -> None:
    assert "A receives 3 bytes, where 6 bytes had been sent" in play_hello(tmp_path, HALF)


def test_a_server_that_spins(tmp_path: Path) -> None:
    texts = play_hello(tmp_path, SPINNING)
    assert sum("did not come to rest" in text for text in texts) == 4


def test_a_server_that_crashes(tmp_path: Path) -> None:
    texts = play_hello(tmp_path, CRASHING)
    assert any(text.startswith("A receives") and "6 bytes had been sent" in text for text in texts)


def test_a_crash_in_the_middle_of_a_long_message(tmp_path: Path) -> None:
    with staged(tmp_path, "c = listener.accept()[0]\nc.recv(9)\nos._exit(3)\n") as stage:
        find_scenario("slow-reader").play(stage)
        assert any("B cannot connect" in action.text or "fails for" in action.text for action in stage.actions)


def test_a_server_with_a_process_for_each_client_is_at_rest_when_all_of_them_are(tmp_path: Path) -> None:
    texts = play_hello(tmp_path, FORKING)
    assert "A receives 6 bytes" in texts


def test_a_server_that_is_stopped_takes_its_children_with_it(tmp_path: Path) -> None:
    with staged(tmp_path, FORKING) as stage:
        stage.connect("A")
        stage.beat()
        server = stage.server
        assert isinstance(server, AnyServer)
        [child] = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        ending = select.poll()
        ending.register(os.pidfd_open(int(child)), select.POLLIN)
        server.send_signal(signal.SIGTERM)
        server.wait()
    assert ending.poll(BACKSTOP * 1000), "it lives on"


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket, Address, Address]]:
    """The client's socket and the server's, and their addresses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        with client, server:
            yield client, server, Address(*client.getsockname()), Address(*server.getsockname())


def test_the_kernel_tells_the_state_of_one_connection() -> None:
    with pair() as (client, server, ours, theirs):
        both = end_of(ours, theirs), end_of(theirs, ours)
        assert [end and end.state for end in both] == [ESTABLISHED, ESTABLISHED]
        client.close()
        await_arrival(lambda: has_arrived("closed", ours, theirs))
        end = end_of(theirs, ours)
        assert end is not None
        assert end.state == CLOSE_WAIT
        server.close()
    assert end_of(ours, theirs) is None or has_arrived("closed", ours, theirs)


def test_what_nobody_reads_has_arrived_all_the_same() -> None:
    with pair() as (client, _, ours, theirs):
        client.send(b"hello")
        await_arrival(lambda: not in_flight(client))
        assert not in_flight(client)
        client.shutdown(socket.SHUT_WR)
        await_arrival(lambda: has_arrived("closed", ours, theirs))
        assert has_arrived("closed", ours, theirs)


def test_what_the_client_has_no_room_for_is_still_coming() -> None:
    with pair() as (_, server, ours, theirs):
        server.setblocking(False)
        try:
            while True:
                server.send(bytes(65536))
        except BlockingIOError:
            pass
        assert is_coming(ours, theirs)


def test_descriptors_are_taken_for_a_child_and_given_back() -> None:
    with taken(200) as numbers:
        assert list(numbers) == list(range(3, 200))
        with socket.socket() as next_one:
            assert next_one.fileno() >= 200
    with socket.socket() as after:
        assert after.fileno() < 200


def test_where_a_server_listens_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert listening_on(port) == ("127.0.0.1", port)
    assert listening_on(port) is None
    with socket.create_server(("", 0)) as everywhere:
        port = everywhere.getsockname()[1]
        assert listening_on(port) == ("127.0.0.1", port)


def test_scenarios_are_found_by_what_people_type() -> None:
    assert find_scenario("Two Clients").id == "two-clients"
    assert find_scenario("fd_setsize").id == "fd-setsize"
    assert len({scenario.id for scenario in SCENARIOS}) == len(SCENARIOS)
