"""What the threads of a process are doing, from /proc: who sleeps, and in which system call."""

from __future__ import annotations

import ctypes
import os
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from muxlab.grading.calls_here import NAMES, SLEEPS, WAITS

# Which field of /proc/PID/syscall holds it: the number of the call comes first.
_TIME_LIMIT_AT = {
    "poll": 3, "ppoll": 3, "select": 5, "pselect6": 5, "epoll_wait": 4, "epoll_pwait": 4, "epoll_pwait2": 4,
}  # fmt: skip
_TIME_LIMIT_BY_ADDRESS = frozenset({"ppoll", "select", "pselect6", "epoll_pwait2"})


@dataclass(frozen=True)
class ThreadState:
    process: int
    tid: int
    state: str
    """As in /proc/PID/stat: S sleeps, R runs, D waits for a disk, T is stopped, t is stopped by a tracer."""
    turns: int
    """How often it has been on a CPU. The same number twice: it has not run in between."""
    raw: str
    """/proc/PID/task/TID/syscall: the number, the arguments, two addresses; empty if it may not be read."""

    @cached_property
    def _fields(self) -> list[int]:
        parts = self.raw.split()
        return [int(part, 0) for part in parts] if parts and parts[0].lstrip("-").isdigit() else []

    @property
    def call(self) -> str:
        """The system call it is in; '?' if that is not known."""
        if not self._fields:
            return "?"
        return NAMES.get(self._fields[0], f"system call {self._fields[0]}")

    @property
    def fd(self) -> int | None:
        """The descriptor it is blocked on, if the call is about a single one."""
        about_one = self.call not in ("select", "pselect6", "poll", "ppoll", "futex", "wait4", "waitid", "?")
        about_one = about_one and self.call not in SLEEPS and not self.call.startswith(("rt_sig", "restart", "system"))
        return self._fields[1] if about_one and len(self._fields) > 1 else None

    @property
    def sleeps(self) -> bool:
        return self.state == "S"

    @property
    def waits(self) -> bool:
        """In select, poll, epoll_wait or one of their relatives."""
        return self.sleeps and self.call in WAITS

    @cached_property
    def time_limit(self) -> float | None:
        """Of a wait call, in seconds: when it ends though nobody does anything. None: never."""
        place = _TIME_LIMIT_AT.get(self.call, 0)
        if place == 0 or place >= len(self._fields):
            return None
        value = self._fields[place]
        if self.call in _TIME_LIMIT_BY_ADDRESS:
            return _next_timer(self.process) if value == 0 else _timespec(self.process, value)
        ms = ctypes.c_int32(value & 0xFFFFFFFF).value
        return _next_timer(self.process) if ms < 0 else ms / 1000

    @property
    def wakes_by_itself(self) -> bool:
        """A sleep that ends without anybody's doing: nanosleep, or a futex with a time-out."""
        if self.call in SLEEPS:
            return True
        return self.call == "futex" and len(self._fields) > 4 and self._fields[4] != 0

    def __str__(self) -> str:
        if not self.sleeps:
            return "is running"
        where = self.call if self.fd is None else f"{self.call}({self.fd})"
        limit = "" if self.time_limit is None else f", for at most {self.time_limit:.3g} s"
        return f"is asleep in {where}{limit}"


def _timespec(process: int, address: int) -> float:
    try:
        descriptor = os.open(f"/proc/{process}/mem", os.O_RDONLY)
        try:
            seconds, nanoseconds = struct.unpack("qq", os.pread(descriptor, 16, address))
        finally:
            os.close(descriptor)
    except (OSError, struct.error):
        return 0.0  # not permitted here: there is a limit, and that is all we know
    return float(seconds + nanoseconds / 1e9)


def _next_timer(process: int) -> float | None:
    """Seconds until a timerfd of the process expires, which its wait call may well be watching; None: none is set."""
    left = []
    for number in _names(f"/proc/{process}/fd"):
        try:
            what = os.readlink(f"/proc/{process}/fd/{number}")  # noqa: PTH115 (called very often)
            told = _read(f"/proc/{process}/fdinfo/{number}") if what == "anon_inode:[timerfd]" else ""
        except OSError:
            continue  # closed in the meantime
        found = re.search(r"^it_value: \((\d+), (\d+)\)", told, re.MULTILINE)
        left += [int(found[1]) + int(found[2]) / 1e9] if found else []
    return min(filter(None, left), default=None)


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for process in found:
        for tid in thread_ids(process):
            try:
                children = Path(f"/proc/{process}/task/{tid}/children").read_text()
            except OSError:
                continue  # ended, or a kernel without that file
            found += [int(child) for child in children.split()]
    return found


def session(leader: int) -> list[int]:
    """The processes of a session, whoever their parents are by now."""
    found = []
    for name in filter(str.isdigit, _names("/proc")):
        try:
            fields = _read(f"/proc/{name}/stat").rpartition(")")[2].split()
        except OSError:
            continue  # ended in the meantime
        found += [int(name)] if fields[3:4] == [str(leader)] else []
    return found


def thread_ids(pid: int) -> list[int]:
    return sorted(map(int, _names(f"/proc/{pid}/task")))


def is_alive(tid: int) -> bool:
    return _state(tid, tid) is not None


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 (called very often)
    except OSError:
        return []  # it has ended


def states(pid: int) -> list[ThreadState]:
    """Of all threads of a process and its descendants."""
    return states_of(family(pid))


def states_of(processes: Iterable[int]) -> list[ThreadState]:
    found = []
    for process in processes:
        for tid in thread_ids(process):
            state = _state(process, tid)
            if state is not None:
                found.append(state)
    return found


def _state(process: int, tid: int) -> ThreadState | None:
    folder = f"/proc/{process}/task/{tid}"
    try:
        turns = _turns(folder)
        letter = _read(f"{folder}/stat").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return None  # ended in the meantime
    if letter in "ZX":
        return None
    try:
        raw = _read(f"{folder}/syscall").strip()
    except OSError:
        raw = ""  # not permitted here: asleep is all that is known
    if raw == "running":
        # On its way into a sleep that it may not need after all, or out of one: there it is called S as well, and for
        # long if it has lost its CPU at that moment. The arguments are told only of a thread that has left the CPU.
        letter, raw = "R", ""
    return ThreadState(process, tid, letter, turns, raw)


def _turns(folder: str) -> int:
    try:
        return int(_read(f"{folder}/schedstat").split()[2])
    except FileNotFoundError:  # a kernel without it: how often it gave the CPU up says the same
        lines = _read(f"{folder}/status").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("voluntary_ctxt", "nonvoluntary_ctxt")))


def _read(path: str) -> str:
    # A third of the cost of Path.read_text(), and a look at the threads is made thousands of times.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096).decode("latin-1")
    finally:
        os.close(descriptor)


def cpu_seconds(pid: int) -> float:
    """What a process and its descendants have used so far."""
    ticks = 0
    for process in family(pid):
        try:
            fields = _read(f"/proc/{process}/stat").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        except (OSError, IndexError):
            continue  # it has ended
    return ticks / os.sysconf("SC_CLK_TCK")


def pending_signals(pid: int) -> int:
    """A bit for each signal that has been sent and not been delivered, to the process or one of its threads."""
    mask = 0
    for tid in thread_ids(pid):
        try:
            lines = _read(f"/proc/{pid}/task/{tid}/status").splitlines()
        except OSError:
            continue
        mask |= _masks(lines, ("SigPnd", "ShdPnd"))
    return mask


def _masks(lines: list[str], names: tuple[str, ...]) -> int:
    mask = 0
    for line in lines:
        if line.startswith(names):
            mask |= int(line.split()[1], 16)
    return mask


def blocked_signals(pid: int) -> int:
    """A bit for each signal that no thread lets in."""
    mask = (1 << 64) - 1
    for tid in thread_ids(pid):
        try:
            lines = _read(f"/proc/{pid}/task/{tid}/status").splitlines()
        except OSError:
            continue
        mask &= _masks(lines, ("SigBlk",))
    return mask


def rss_bytes(pid: int) -> int:
    return int(_read(f"/proc/{pid}/statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")
