"""What a wait was asked, and what it told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from muxlab.compare.copies import fd_set_bytes
from muxlab.strace.decode import Events, Wait
from muxlab.strace.text import descriptor, number, split
from muxlab.strace.trace import Call
from muxlab.trace.model import Ready, WaitEnter, WaitReturn

# select knows no more than these three; they are shown with the words that poll has for the same.
SELECT_NAMES = {"readable": "IN", "writable": "OUT", "exceptional": "PRI"}
_MILLISECONDS = {"tv_sec": 1000.0, "tv_usec": 0.001, "tv_nsec": 0.000001}


def ready(events: Events, descriptor_id: str | None) -> Ready:
    return Ready(events.fd, descriptor_id, tuple(SELECT_NAMES.get(bit, bit) for bit in events.bits))


class LastWaits:
    """Fills in what strace has not printed of a wait that never returned: epoll_wait shows its room only then."""

    def __init__(self) -> None:
        self._epoll: dict[int | None, WaitEnter] = {}

    def entered(self, call: Call, wait: Wait | None, interest: Sequence[Ready]) -> WaitEnter:
        arguments = split(call.arguments)
        epoll_fd = descriptor(arguments[0]) if arguments else None
        if wait is None:
            known = self._epoll.get(epoll_fd)
            if known is None:
                return WaitEnter(tuple(interest), None, None, None)
            return replace(known, interest=tuple(interest))
        epoll = wait.mechanism == "epoll"
        entered = WaitEnter(
            tuple(interest),
            None if epoll else wait.size,
            _timeout_ms(arguments, wait),
            wait.size if epoll else None,
            fd_set_bytes(wait.size) if wait.mechanism == "select" else None,
        )
        if epoll:
            self._epoll[epoll_fd] = entered
        return entered


def returned(wait: Wait, told: Sequence[Ready]) -> WaitReturn:
    cleared: tuple[int, ...] = ()
    if wait.mechanism == "select" and not wait.failed:
        is_ready = {one.fd for one in wait.ready}
        cleared = tuple(one.fd for one in wait.interest if one.fd not in is_ready)
    return WaitReturn(tuple(told), cleared, wait.timed_out, wait.call.result)


def scanned(wait: Wait) -> tuple[int, int]:
    """Entries that the kernel looked at, and that the program has to look at to find those that are ready.

    select: all nfds bits, on both sides. poll: all entries, on both sides. epoll: those that are ready.
    Where nothing is ready, the program need not look.
    """
    found = max(0, wait.call.result or 0)
    if wait.mechanism == "epoll":
        return found, found
    return wait.size, wait.size if found else 0


def _timeout_ms(arguments: Sequence[str], wait: Wait) -> float | None:
    text = arguments[{"select": 4, "poll": 2, "epoll": 3}[wait.mechanism]]
    if text.startswith("{"):
        parts = re.findall(r"(tv_\w+)=(\d+)", text)
        return sum(int(value) * _MILLISECONDS[name] for name, value in parts)
    value = number(text)
    return None if value is None or value < 0 else float(value)
