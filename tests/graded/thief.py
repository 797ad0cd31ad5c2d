"""Takes out of a server's socket what lies there before the server does: readiness is a hint, not a promise.

To the server it is as if a process that shares its sockets had been faster, as happens to every server that forks.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from muxlab.grading import Client, InstrumentError, ServerUnderTest
from muxlab.grading.threads import family

_PIDFD_GETFD = 438  # on every architecture
_libc = ctypes.CDLL(None, use_errno=True)


def takes_waiting_client(server: ServerUnderTest) -> bool:
    """Accepts the client that waits to be accepted, and hangs up on it. False if none does."""
    listener = server.listener().number
    with server.story.step("another process takes that client off the queue"), _duplicate(server.pid, listener) as ours:
        poller = select.poll()
        poller.register(ours, select.POLLIN)
        if not poller.poll(0):
            return False
        taken, _ = ours.accept()
        taken.close()
        return True


def takes_bytes(server: ServerUnderTest, client: Client) -> bytes:
    """Reads what has come from this client and was not read yet."""
    number = server.fd_of(client)
    with server.story.step(f"another process reads the bytes of {client.name}"):
        for process in family(server.pid):
            with suppress(OSError), _duplicate(process, number) as ours:
                if ours.getpeername()[:2] == tuple(client.local):
                    return _unread(ours)
    raise InstrumentError(f"the server's socket for {client.name} cannot be found")


def _unread(ours: socket.socket) -> bytes:
    try:
        return ours.recv(65536, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


@contextmanager
def _duplicate(process: int, number: int) -> Iterator[socket.socket]:
    """That descriptor of the process as one of ours, for a moment."""
    handle = os.pidfd_open(process)
    try:
        ours = _libc.syscall(*map(ctypes.c_long, (_PIDFD_GETFD, handle, number, 0)))
        if ours == -1 and ctypes.get_errno() == errno.EBADF:
            raise OSError(errno.EBADF, f"process {process} has no descriptor {number}")
        if ours == -1:
            raise InstrumentError(f"a server's descriptor cannot be shared: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(handle)
    with closing(socket.socket(fileno=ours)) as shared:
        yield shared
