"""Holds a server at a call, shortens its reads and writes, counts: told to the shim through a file that both map."""

from __future__ import annotations

import ctypes
import mmap
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from muxlab.errors import MuxlabError
from muxlab.grading.calls_here import futex_wait, futex_wake, signal_thread
from muxlab.grading.threads import is_alive, states

# tests/graded/shim/layout.h: the order of enum Call.
CALLS = ("wait", "accept", "recv", "send", "read", "write", "close", "epoll_ctl", "lock", "unlock")
_SAME = {"recv": "read", "read": "recv", "send": "write", "write": "send"}
_TRAPS = 8
HELD = 64  # threads that a trap can hold at the same time
_KICK = 63
_ALL = 0xFFFFFFFF


class _Clamp(ctypes.Structure):
    _fields_ = (
        ("bytes", ctypes.c_uint32),
        ("calls", ctypes.c_uint32),
        ("fd", ctypes.c_int32),
        ("unused", ctypes.c_uint32),
    )


class _Trap(ctypes.Structure):
    _fields_ = (
        ("turn", ctypes.c_uint32),
        ("calls", ctypes.c_uint32),
        ("after", ctypes.c_uint32),
        ("fd", ctypes.c_int32),
        ("thread", ctypes.c_uint32),
        ("capacity", ctypes.c_uint32),
        ("skip", ctypes.c_uint32),
        ("caught", ctypes.c_uint32),
        ("held", ctypes.c_uint32 * HELD),
    )


class _Control(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_uint32),
        ("armed", ctypes.c_uint32),
        ("fruitless", ctypes.c_uint32),
        ("received", ctypes.c_uint64),
        ("sent", ctypes.c_uint64),
        ("accepted", ctypes.c_uint64),
        ("counts", ctypes.c_uint64 * len(CALLS)),
        ("recv", _Clamp),
        ("send", _Clamp),
        ("traps", _Trap * _TRAPS),
    )


@dataclass(frozen=True)
class Where:
    """What a trap holds: the calls, and of those only some."""

    call: str
    after: bool = False
    """After the real call has returned, before the program hears of it."""
    fd: int | None = None
    thread: int | None = None

    def __post_init__(self) -> None:
        if self.call not in CALLS:
            raise ValueError(f"'{self.call}' cannot be held: choose {', '.join(CALLS)}")

    @property
    def bits(self) -> int:
        calls = {self.call}
        if self.fd is not None and self.call in _SAME:
            calls.add(_SAME[self.call])  # about one descriptor it is clear what is meant, be it a TCP socket or not
        return sum(1 << CALLS.index(call) for call in calls)

    def __str__(self) -> str:
        what = f"its {self.call} call" if self.call == "wait" else self.call
        on = "" if self.fd is None else f" on fd {self.fd}"
        return f"{'behind' if self.after else 'at'} {what}{on}"


class Trap:
    """Holds threads from the moment it is set until release(). Leaving a with block releases, too."""

    def __init__(self, gate: Gate, place: int, where: Where) -> None:
        self.where = where
        self._gate = gate
        self._place = place

    def __enter__(self) -> Trap:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def held(self) -> tuple[int, ...]:
        """The threads that are held now."""
        return tuple(tid for tid in self._raw.held if tid != 0) if self._is_set else ()

    @property
    def count(self) -> int:
        """How many threads it has held so far, one after the other or at the same time."""
        return int(self._raw.caught)

    def wait(self, seconds: float) -> bool:
        """True as soon as somebody is held; False after so long."""
        caught = int(self._raw.caught)
        if not self.held:
            futex_wait(self._address("caught"), caught, seconds)
        return bool(self.held)

    def step(self) -> None:
        """Lets those go that are held, and holds whoever makes the call next."""
        self._raw.turn += 2
        futex_wake(self._address("turn"))

    def release(self) -> None:
        if self._is_set:
            self._raw.turn += 1
            futex_wake(self._address("turn"))
            self._gate.remove(self)

    @property
    def place(self) -> int:
        return self._place

    @property
    def _is_set(self) -> bool:
        return self._gate.is_set(self)

    @property
    def _raw(self) -> _Trap:
        return self._gate.raw_trap(self._place)

    def _address(self, field: str) -> int:
        return ctypes.addressof(self._raw) + int(getattr(_Trap, field).offset)


class Gate:
    """One for each gated server. The file exists only until the server has mapped it."""

    def __init__(self, folder: Path | None = None) -> None:
        with tempfile.NamedTemporaryFile(prefix="muxlab-gate-", dir=folder, delete=False) as file:
            self.path = Path(file.name)
            file.truncate(ctypes.sizeof(_Control))
            self._map = mmap.mmap(file.fileno(), ctypes.sizeof(_Control))
        self._control = _Control.from_buffer(self._map)
        self._control.recv.fd = self._control.send.fd = -1
        self._set: dict[int, Trap] = {}

    def close(self) -> None:
        for trap in list(self._set.values()):
            trap.release()
        self.path.unlink(missing_ok=True)
        self._control = _Control.from_buffer_copy(self._map)  # what was counted can still be read
        self._map.close()

    def is_loaded_by(self, pid: int) -> bool:
        """The shim has said that it is there, and is still: a script may have had it, and the server not."""
        if self._control.size not in (0, ctypes.sizeof(_Control)):
            raise MuxlabError("libmuxshim.so is another version than tools/muxlab/grading/gate.py: build it again")
        try:
            maps = Path(f"/proc/{pid}/maps").read_text(errors="replace")
        except OSError:  # it has ended
            return False
        return bool(self._control.size) and self.path.name in maps

    # ---- counting

    def count(self, call: str) -> int:
        """How often the server has made this kind of call. A wait that we interrupted to hold it counts once."""
        return int(self._control.counts[CALLS.index(call)])

    @property
    def received(self) -> int:
        return int(self._control.received)

    @property
    def sent(self) -> int:
        return int(self._control.sent)

    @property
    def accepted(self) -> int:
        return int(self._control.accepted)

    @property
    def fruitless(self) -> int:
        """Waits, accepts, recvs and sends since the last that moved a byte or brought a client."""
        return int(self._control.fruitless)

    # ---- shortening

    def clamp(
        self, *, recv: int | None = None, send: int | None = None, calls: int | None = None, fd: int | None = None
    ) -> None:
        """At most so many bytes for each of the next `calls` calls, or until unclamp(). TCP sockets only."""
        for how, most in ((self._control.recv, recv), (self._control.send, send)):
            if most is not None:
                how.bytes = 0
                how.calls = _ALL if calls is None else calls
                how.fd = -1 if fd is None else fd
                how.bytes = most

    def unclamp(self) -> None:
        self._control.recv.bytes = self._control.send.bytes = 0

    # ---- holding

    def trap(
        self,
        call: str,
        *,
        after: bool = False,
        nth: int = 1,
        fd: int | None = None,
        thread: int | None = None,
        only_first: bool = False,
    ) -> Trap:
        """Holds whoever makes the call from now on; those that are in it already are not."""
        where = Where(call, after, fd, thread)
        free = [place for place in range(_TRAPS) if place not in self._set]
        if not free:
            raise RuntimeError("eight traps are set already")
        trap = Trap(self, free[0], where)
        raw = self.raw_trap(trap.place)
        raw.calls = where.bits
        raw.after = int(after)
        raw.fd = -1 if fd is None else fd
        raw.thread = thread or 0
        raw.capacity = 1 if only_first else HELD
        raw.skip = nth - 1
        raw.caught = 0
        futex_wake(ctypes.addressof(raw))  # nobody is there: a system call orders what was written before it
        raw.turn += 1
        self._set[trap.place] = trap
        self._arm()
        return trap

    def kick(self, pid: int, trap: Trap) -> bool:
        """Calls those into the trap who are in a wait call already, by a signal that only the shim sees.

        The wait call that it interrupts is made again, and so runs into the trap; the program does not notice. False
        if there is nobody to call.
        """
        kicked = False
        for state in states(pid):
            if state.waits and trap.where.thread in (None, state.tid) and state.tid not in trap.held:
                with suppress(ProcessLookupError):
                    signal_thread(state.process, state.tid, _KICK)
                    kicked = True
        return kicked

    def remove(self, trap: Trap) -> None:
        del self._set[trap.place]
        self._arm()
        # Its place may be taken again at once: see those off first who were held.
        while any(tid != 0 and is_alive(tid) for tid in self.raw_trap(trap.place).held):
            os.sched_yield()

    def is_set(self, trap: Trap) -> bool:
        return self._set.get(trap.place) is trap

    @property
    def held(self) -> set[int]:
        """All threads that some trap holds."""
        return {tid for trap in self._set.values() for tid in trap.held}

    def raw_trap(self, place: int) -> _Trap:
        raw: _Trap = self._control.traps[place]
        return raw

    def _arm(self) -> None:
        bits = 0
        for trap in self._set.values():
            bits |= trap.where.bits
        self._control.armed = bits
