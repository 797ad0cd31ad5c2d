"""The numbers of system calls on this machine, and a few calls that Python has no function for."""

from __future__ import annotations

import ctypes
import os
import platform

# The calls that a server may sleep in. select, poll and epoll_wait do not exist on arm64: libc uses their successors.
_X86_64 = {
    "read": 0, "write": 1, "poll": 7, "readv": 19, "writev": 20, "select": 23, "pause": 34, "nanosleep": 35,
    "connect": 42, "accept": 43, "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "wait4": 61,
    "rt_sigtimedwait": 128, "rt_sigsuspend": 130, "futex": 202, "restart_syscall": 219, "clock_nanosleep": 230,
    "epoll_wait": 232, "tgkill": 234, "waitid": 247, "pselect6": 270, "ppoll": 271, "epoll_pwait": 281,
    "accept4": 288, "io_uring_enter": 426, "epoll_pwait2": 441, "futex_waitv": 449,
}  # fmt: skip
_AARCH64 = {
    "read": 63, "write": 64, "readv": 65, "writev": 66, "pselect6": 72, "ppoll": 73, "epoll_pwait": 22,
    "waitid": 95, "futex": 98, "nanosleep": 101, "clock_nanosleep": 115, "restart_syscall": 128, "tgkill": 131,
    "rt_sigsuspend": 133, "rt_sigtimedwait": 137, "accept": 202, "connect": 203, "sendto": 206, "recvfrom": 207,
    "sendmsg": 211, "recvmsg": 212, "accept4": 242, "wait4": 260, "io_uring_enter": 426, "epoll_pwait2": 441,
    "futex_waitv": 449,
}  # fmt: skip

NUMBERS = _AARCH64 if platform.machine() in ("aarch64", "arm64") else _X86_64
NAMES = {number: name for name, number in NUMBERS.items()}

WAITS = frozenset({"select", "pselect6", "poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_pwait2"})
SLEEPS = frozenset({"nanosleep", "clock_nanosleep"})

_libc = ctypes.CDLL(None, use_errno=True)
_FUTEX_WAIT, _FUTEX_WAKE = 0, 1
_EVERYBODY = 0x7FFFFFFF


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def futex_wait(address: int, value: int, seconds: float) -> None:
    """Sleeps until futex_wake() or for so long; returns at once if the word there is not `value`."""
    limit = _Timespec(int(seconds), int(seconds % 1 * 1e9))
    _libc.syscall(
        ctypes.c_long(NUMBERS["futex"]),
        ctypes.c_void_p(address),
        ctypes.c_long(_FUTEX_WAIT),
        ctypes.c_long(value),
        ctypes.byref(limit),
    )


def futex_wake(address: int) -> None:
    _libc.syscall(
        ctypes.c_long(NUMBERS["futex"]),
        ctypes.c_void_p(address),
        ctypes.c_long(_FUTEX_WAKE),
        ctypes.c_long(_EVERYBODY),
    )


def signal_thread(process: int, thread: int, number: int) -> None:
    """Raises ProcessLookupError if there is no such thread."""
    result = _libc.syscall(
        ctypes.c_long(NUMBERS["tgkill"]), ctypes.c_long(process), ctypes.c_long(thread), ctypes.c_long(number)
    )
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
