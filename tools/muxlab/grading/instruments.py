"""Which instruments this machine and this program allow, and in one line why not."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.grading.command import Circumstances, Tools, sanitizers
from muxlab.grading.deadline import calibrate
from muxlab.grading.gate import Gate
from muxlab.grading.launch import Launched
from muxlab.proc import has_memory
from muxlab.strace.run import why_not as why_not_strace

MANY = 1200  # descriptors: enough to go past FD_SETSIZE with room for a test's clients


class InstrumentError(Exception):
    """An instrument did not do its work. That says nothing about the server under test."""


class Instrument(Enum):
    TRACE = "trace"
    """strace may trace, and inject faults."""
    GATE = "gate"
    """The shim can be loaded into this program: parking it, shortening its calls, counting them."""
    FDINFO = "fdinfo"
    """/proc tells of a child's descriptors and system calls."""
    LIMITS = "limits"
    """muxstart is built: limits, inherited descriptors."""
    MANY_DESCRIPTORS = "many descriptors"
    """A process may have more than FD_SETSIZE."""
    IPV6 = "ipv6"
    SANITIZER = "sanitizer"
    """This program is built with AddressSanitizer or ThreadSanitizer."""
    LEAKS = "leaks"
    """… with AddressSanitizer, which finds leaks at the end; not under strace."""


@dataclass
class Instruments:
    """Asked for once per program; each answer is found out when it is first needed."""

    executable: Path
    tools: Tools
    _known: dict[Instrument, str] = field(default_factory=dict)

    def why_not(self, instrument: Instrument) -> str:
        """Empty if it is there; else one line."""
        if instrument not in self._known:
            self._known[instrument] = self._find_out(instrument)
        return self._known[instrument]

    def missing(self, needed: tuple[Instrument, ...]) -> str:
        """The first reason why a test that needs these cannot run; empty if it can."""
        return next(filter(None, (self.why_not(instrument) for instrument in needed)), "")

    def _find_out(self, instrument: Instrument) -> str:
        if instrument is Instrument.TRACE:
            return why_not_strace()
        if instrument is Instrument.GATE:
            return self._why_no_gate()
        if instrument is Instrument.FDINFO:
            return _why_no_fdinfo()
        if instrument is Instrument.LIMITS:
            return self.tools.why_not()
        if instrument is Instrument.MANY_DESCRIPTORS:
            return _why_few_descriptors()
        if instrument is Instrument.IPV6:
            return _why_no_ipv6()
        found = sanitizers(self.executable)
        if instrument is Instrument.LEAKS:
            return "" if "asan" in found else "this program is not built with AddressSanitizer (preset asan)"
        return "" if found else "this program is built without sanitizers (presets asan and tsan)"

    def _why_no_gate(self) -> str:
        """Tries: starts the program with the shim, and sees whether the shim has said that it is there."""
        if why := self.tools.why_not():
            return why
        if not has_interpreter(self.executable):
            return "cannot be gated: it is a static binary, which LD_PRELOAD does not reach"
        gate = Gate()
        process = self._program(Circumstances(gate=gate.path))
        try:
            with process:
                fine = gate.is_loaded_by(process.pid) or not has_memory(process.pid)  # has died
                return "" if fine else "cannot be gated: the program does not load the shim (LD_PRELOAD)"
        except MuxlabError as error:
            return f"cannot be gated: with the shim {error}" if self._starts() else ""
        finally:
            gate.close()

    def _starts(self) -> bool:
        """Without the shim. If it does not, the shim is not to blame: the tests are run, and fail."""
        try:
            with self._program(Circumstances()):
                return True
        except MuxlabError:
            return False

    def _program(self, circumstances: Circumstances) -> Launched:
        return Launched(self.executable, [], circumstances, self.tools, start_deadline=calibrate().start)


def has_interpreter(program: Path) -> bool:
    """Not a static ELF file. A script has one, too: its own."""
    data = program.read_bytes()[:4096]
    if not data.startswith(b"\x7fELF"):
        return True
    wide = data[4] == 2
    order = "little" if data[5] == 1 else "big"

    def number(offset: int, size: int) -> int:
        return int.from_bytes(data[offset : offset + size], "little" if order == "little" else "big")

    table = number(32, 8) if wide else number(28, 4)
    size, entries = (number(54, 2), number(56, 2)) if wide else (number(42, 2), number(44, 2))
    return any(number(table + size * place, 4) == 3 for place in range(entries))  # PT_INTERP


def _why_no_fdinfo() -> str:
    child = subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL)
    try:
        for name in ("fdinfo/0", "syscall"):
            descriptor = os.open(f"/proc/{child.pid}/{name}", os.O_RDONLY)
            try:
                os.read(descriptor, 4096)
            finally:
                os.close(descriptor)
    except OSError as error:
        return f"/proc/PID/{name} cannot be read here: {error.strerror}"
    finally:
        child.kill()
        child.wait()
    return ""


def _why_few_descriptors() -> str:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= MANY:
        return ""
    return f"a process may have only {hard} descriptors here: raise the hard limit (ulimit -Hn {MANY})"


def _why_no_ipv6() -> str:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        return f"no IPv6 on this machine's loopback: {error.strerror}"
    return ""
