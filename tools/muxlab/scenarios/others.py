"""Another process that has the server's sockets, too, and is faster: readiness is a hint, not a promise."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from muxlab.borrowed import borrowed, unread
from muxlab.errors import MuxlabError
from muxlab.process import Address, descendants
from muxlab.sockets import Sockets, fd_of_inode


def take_bytes(pid: int, server: Address, client: Address | None) -> None:
    """Those that the server has not read yet. Raises OSError, or MuxlabError if the connection is not found."""
    with _connection(pid, server, client) as ours:
        unread(ours)


def give_room(pid: int, server: Address, client: Address | None, size: int) -> None:
    """`size` bytes for what the server has to say to this client. Raises as take_bytes() does."""
    with _connection(pid, server, client) as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)


def take_client(pid: int, server: Address) -> None:
    """The first who waits to be accepted."""
    process, number = _descriptor(pid, Sockets().inode_of_listener(server))
    with borrowed(process, number) as ours:
        taken, _ = ours.accept()
        taken.close()


@contextmanager
def _connection(pid: int, server: Address, client: Address | None) -> Iterator[socket.socket]:
    peer = Sockets().peer_of(client, server) if client else None
    process, number = _descriptor(pid, peer.inode if peer else None)
    with borrowed(process, number) as ours:
        yield ours


def _descriptor(pid: int, inode: int | None) -> tuple[int, int]:
    for process in (pid, *descendants(pid)):
        number = fd_of_inode(process, inode) if inode else None
        if number is not None:
            return process, number
    raise MuxlabError("the server has no such socket")
