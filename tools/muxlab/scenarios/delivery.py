"""Knows whether what a client did has arrived: the kernel may deliver it a moment later."""

from __future__ import annotations

import fcntl
import functools
import socket
import struct
import termios
import time
from collections.abc import Callable
from typing import Literal, TypeAlias

from muxlab.process import Address
from muxlab.sockets import CLOSE_WAIT, ESTABLISHED, FIN_WAIT_1, SYN_RECV, Peer, Sockets

PAUSE = 0.0002  # seconds
LONGEST = 0.5  # seconds: what has not arrived by then is held up by the other side, not by the kernel
SIOCOUTQ = termios.TIOCOUTQ  # bytes that are not acknowledged
SIOCOUTQNSD = 0x894B  # of these, bytes that are not even sent: the window is closed

Last: TypeAlias = Literal["connected", "closed", "reset"]
"""What the client did last to its connection."""


def await_arrival(arrived: Callable[[], bool]) -> None:
    """Waits a little, and gives up without a word: a server that does not read can hold anything up."""
    end = time.monotonic() + LONGEST
    while not arrived() and time.monotonic() < end:
        time.sleep(PAUSE)


def in_flight(client: socket.socket) -> bool:
    """Something that was sent has not been acknowledged yet."""
    waiting, unsent = (_ioctl(client, request) for request in (SIOCOUTQ, SIOCOUTQNSD))
    return waiting > unsent


def end_of(local: Address, remote: Address) -> Peer | None:
    """The socket at the local end; None if there is none (any more)."""
    return _sockets().peer_of(remote, local)


@functools.cache
def _sockets() -> Sockets:
    return Sockets()


def has_arrived(last: Last, client: Address, server: Address) -> bool:
    if last == "closed":
        ours = end_of(client, server)
        return ours is None or ours.state != FIN_WAIT_1
    theirs = end_of(server, client)
    if theirs is None:
        return True
    if last == "reset":
        return theirs.state not in (ESTABLISHED, CLOSE_WAIT)
    return theirs.state != SYN_RECV


def is_coming(client: Address, server: Address) -> bool:
    """The server has sent something that the client's kernel has not acknowledged."""
    theirs = end_of(server, client)
    return theirs is not None and theirs.state in (ESTABLISHED, CLOSE_WAIT) and theirs.unsent > 0


def is_there(client: Address, server: Address) -> bool:
    """The server could read something of this client, or nothing more comes of it."""
    theirs = end_of(server, client)
    return theirs is None or theirs.unread > 0 or theirs.state != ESTABLISHED


def has_no_room(client: Address, server: Address) -> bool:
    """The server has more to send, and nothing is on its way: the client's window is closed."""
    theirs = end_of(server, client)
    return theirs is not None and theirs.unsent > 0 and not theirs.unacked


def _ioctl(client: socket.socket, request: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(client, request, struct.pack("i", 0)))[0])
