"""The clients that every server is driven with: plain blocking sockets, one after the other, no threads."""

from __future__ import annotations

import resource
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from muxlab.errors import MuxlabError
from muxlab.process import Server
from muxlab.scenarios.rest import await_open_files, await_rest, open_files

PATIENCE = 10.0  # seconds for a server to answer: a backstop, no number depends on it
SPARE_FILES = 64  # descriptors for all that is not a client


class Client:
    """One connection to a server. What goes wrong is an error that names the server."""

    def __init__(self, server: Server) -> None:
        self._name = server.name
        try:
            self._socket = socket.create_connection(server.address, PATIENCE)
            # A small message goes out at once, whatever the server has not acknowledged yet.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise MuxlabError(f"{self._name} does not take a client: {error}") from None

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """In one send(2): on loopback up to 32 KB arrive as one segment, all at once."""
        with self._blamed(f"{len(data):,} bytes sent"):
            self._socket.sendall(data)

    def receive(self, data: bytes) -> None:
        """Expects exactly these bytes."""
        got = bytearray()
        with self._blamed(f"{len(data):,} bytes echoed"):
            while len(got) < len(data):
                piece = self._socket.recv(65536)
                if not piece:
                    raise MuxlabError(f"{self._name} hung up after {len(got):,} of {len(data):,} bytes")
                got += piece
        if got != data:
            raise MuxlabError(f"{self._name} echoed something else than it was sent")

    def echo(self, data: bytes) -> None:
        self.send(data)
        self.receive(data)

    def is_served(self) -> bool:
        """False if the server has hung up on this client."""
        try:
            self._socket.sendall(b"?")
            return self._socket.recv(1) == b"?"
        except TimeoutError:
            raise MuxlabError(f"{self._name} neither serves a client nor hangs up on it") from None
        except ConnectionError:
            return False

    def finish(self) -> None:
        """FIN: this side has nothing more to send. Returns once the server has closed its side, too."""
        with self._blamed("end of the connection"):
            self._socket.shutdown(socket.SHUT_WR)
            if self._socket.recv(1):
                raise MuxlabError(f"{self._name} sent bytes that it never got")

    def reset(self) -> None:
        """RST: with SO_LINGER at zero, close(2) throws the connection away."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    @contextmanager
    def _blamed(self, expected: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise MuxlabError(f"{self._name}: expected {expected}, and nothing came for {PATIENCE:g} s") from None
        except OSError as error:
            raise MuxlabError(f"{self._name}: expected {expected}, and got: {error.strerror or error}") from None


@contextmanager
def connected(server: Server, count: int) -> Iterator[Sequence[Client]]:
    """Clients that the server has accepted, and has answered once."""
    with crowd(server, count) as clients:
        for client in clients:
            client.echo(b"!")
        yield clients


@contextmanager
def crowd(server: Server, count: int) -> Iterator[Sequence[Client]]:
    """Clients that connect and say nothing. In the end the server has closed them all.

    They leave with a reset, because thousands of ports in TIME_WAIT help nobody.
    """
    await_rest(server)  # who has connected by now is accepted, and counts among those that stay
    before = open_files(server)
    clients: list[Client] = []
    try:
        for _ in range(count):
            clients.append(Client(server))
        yield clients
    finally:
        for client in clients:
            client.reset()
    await_open_files(server, before)


def raise_file_limit() -> int:
    """Lets this process open as many files as the kernel allows it, and returns how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 2**31
