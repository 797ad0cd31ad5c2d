"""How many bytes the kernel copies from and to the program for one wait call, from the call's arguments.

This is what the kernel does for the call itself (fs/select.c and fs/eventpoll.c); what it copies for recv and send
is the same in every server, and is not in here.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass

from muxlab.strace.decode import Wait

LONG = 8  # bytes of an unsigned long: fd_sets are copied in whole longs
TIMESPEC = 16  # bytes, of two 64-bit numbers; a timeval is as large
POLLFD = 8  # bytes: int fd, short events, short revents
REVENTS = 2  # bytes


@dataclass(frozen=True)
class Copied:
    into_kernel: int
    out_of_kernel: int


def epoll_event_bytes(architecture: str = "") -> int:
    """12 on x86-64, where the struct is packed so that 32-bit programs see the same layout; 16 elsewhere."""
    return 12 if (architecture or platform.machine()) in ("x86_64", "i686", "i386") else 16


def fd_set_bytes(nfds: int) -> int:
    """The part of an fd_set that select looks at: nfds bits, rounded up to whole longs."""
    return (nfds + 8 * LONG - 1) // (8 * LONG) * LONG


def copied(wait: Wait, architecture: str = "") -> Copied:
    """The bytes that one call moves across the boundary.

    select      in: fd_set_bytes(nfds) for each set that was given, and the time-out if one was given.
                out: the same again, because the answer overwrites the question; the sets not, if the call failed.
    poll        in: 8 bytes for each entry (ppoll: and the time-out).
                out: 2 bytes for each entry, ready or not: of each pollfd the kernel writes back revents and no more.
    epoll_wait  in: nothing, because the interest list is in the kernel already (epoll_pwait2: the time-out).
                out: one struct epoll_event for each descriptor that is ready.
    """
    timeout = TIMESPEC if wait.timespec else 0
    if wait.mechanism == "select":
        sets = wait.sets * fd_set_bytes(wait.size)
        return Copied(sets + timeout, (0 if wait.failed else sets) + timeout)
    if wait.mechanism == "poll":
        return Copied(POLLFD * wait.size + timeout, REVENTS * wait.size + timeout)
    return Copied(timeout, epoll_event_bytes(architecture) * max(0, wait.call.result or 0))
