"""A descriptor of another process as one of ours, for a moment: pidfd_getfd(2), which who may trace it may call."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

_PIDFD_GETFD = 438  # on every architecture
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def borrowed(process: int, number: int) -> Iterator[socket.socket]:
    """Raises OSError: EBADF if the process has no such descriptor, another one if it cannot be shared."""
    handle = os.pidfd_open(process)
    try:
        ours = _libc.syscall(*map(ctypes.c_long, (_PIDFD_GETFD, handle, number, 0)))
        if ours == -1 and ctypes.get_errno() == errno.EBADF:
            raise OSError(errno.EBADF, f"process {process} has no descriptor {number}")
        if ours == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(handle)
    with closing(socket.socket(fileno=ours)) as shared:
        yield shared


def unread(ours: socket.socket) -> bytes:
    """What has come and was not read yet."""
    try:
        return ours.recv(65536, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""
