"""What the clients do while a server is traced: one script for all five, cut into scenes by marks.

A mark is a message that one client, which does nothing else, sends and gets back. The server has to receive it, so
it stands in the trace, and all that was done before it stands above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.process import Server
from muxlab.scenarios.clients import Client, connected, crowd
from muxlab.scenarios.rest import await_rest
from muxlab.scenarios.scripts import READ_SIZE, TEN_KILOBYTES
from muxlab.strace.run import prefix

MARK = b"muxlab scene "
CLIENTS = 8
MESSAGE = b"m" * 64
TURNS = 25  # messages of each client
ROUNDS_AT_ONCE = 25  # messages of each client
GROUPS_AT_ONCE = 5  # each of ROUNDS_AT_ONCE: the outcome depends on timing, so it is looked at several times
CONNECTIONS = 20
TEN_KILOBYTES_TIMES = 3
MANY_IDLE_TURNS = 5
MAX_TRACE = 64 * 1024 * 1024  # bytes: a server that spins writes this in well under a minute


class Session:
    """A traced server and the client that sets the marks."""

    def __init__(self, server: Server, trace: Path, marker: Client) -> None:
        self.server = server
        self._trace = trace
        self._marker = marker

    def scene(self, name: str) -> None:
        """What the clients do from here on, until the next mark, belongs to this scene."""
        await_rest(self.server)
        size = self._trace.stat().st_size
        if size > MAX_TRACE:
            raise MuxlabError(f"{self.server.name} made {size >> 20} MB of system calls: it spins")
        self._marker.echo(MARK + name.encode() + b"\n")


@contextmanager
def traced(program: Path, trace: Path) -> Iterator[Session]:
    options = ["--log", "error", "--read-size", str(READ_SIZE)]
    with (
        Server(program, options, prefix=prefix(trace)) as server,
        Client(server) as marker,
    ):
        yield Session(server, trace, marker)


def play(program: Path, trace: Path, idle: int) -> None:
    """The whole script, against one server."""
    with traced(program, trace) as session:
        with connected(session.server, CLIENTS) as clients:
            in_turn(session, clients, "in turn", TURNS)
            for group in range(GROUPS_AT_ONCE):
                at_once(session, clients, f"at once {group}")
        _come_and_go(session)
        _ten_kilobytes(session)
        _fin(session)
        _reset(session)
        with crowd(session.server, idle), connected(session.server, CLIENTS) as clients:
            in_turn(session, clients, "many idle", MANY_IDLE_TURNS)


def in_turn(session: Session, clients: Sequence[Client], name: str, turns: int) -> None:
    """Each client speaks when the one before has its answer: never more than one message is under way."""
    session.scene(name)
    for _ in range(turns):
        for client in clients:
            client.echo(MESSAGE)
    session.scene("")


def at_once(session: Session, clients: Sequence[Client], name: str) -> None:
    """All speak, then all listen."""
    session.scene(name)
    for _ in range(ROUNDS_AT_ONCE):
        for client in clients:
            client.send(MESSAGE)
        for client in clients:
            client.receive(MESSAGE)
    session.scene("")


def _come_and_go(session: Session) -> None:
    session.scene("connections")
    for _ in range(CONNECTIONS):
        with Client(session.server) as client:
            client.echo(b"!")
            client.finish()
    session.scene("")


def _ten_kilobytes(session: Session) -> None:
    with connected(session.server, 1) as (client,):
        for time in range(TEN_KILOBYTES_TIMES):
            session.scene(f"ten kilobytes {time}")
            client.echo(TEN_KILOBYTES)
        session.scene("")


def _fin(session: Session) -> None:
    with connected(session.server, 1) as (client,):
        session.scene("FIN")
        client.finish()
        session.scene("")


def _reset(session: Session) -> None:
    with connected(session.server, 1):
        session.scene("RST")
    # Leaving is the reset.
    session.scene("")
