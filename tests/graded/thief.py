"""Takes out of a server's socket what lies there before the server does: readiness is a hint, not a promise.

To the server it is as if a process that shares its sockets had been faster, as happens to every server that forks.
"""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from muxlab.borrowed import borrowed, unread
from muxlab.grading import Client, InstrumentError, ServerUnderTest
from muxlab.grading.threads import family


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
                    return unread(ours)
    raise InstrumentError(f"the server's socket for {client.name} cannot be found")


@contextmanager
def _duplicate(process: int, number: int) -> Iterator[socket.socket]:
    """That descriptor of the process as one of ours, for a moment."""
    try:
        with borrowed(process, number) as ours:
            yield ours
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS):
            raise InstrumentError(f"a server's descriptor cannot be shared: {error.strerror}") from None
        raise
