"""Starts the program under test in the circumstances that a test wants, and learns how it ended."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import tempfile
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from muxlab.errors import MuxlabError
from muxlab.grading.command import Circumstances, Tools
from muxlab.grading.threads import ThreadState, cpu_seconds, states
from muxlab.grading.trace import TraceReader
from muxlab.process import Address, Server

SMALLEST_PIPE = 4096  # bytes: what fcntl(F_SETPIPE_SZ) goes down to
_WHAT_MATTERS = ("AddressSanitizer:", "ThreadSanitizer:", "LeakSanitizer:", "runtime error:")
LAST_WORDS = 8  # lines of stderr that a report shows
_LOOK = 0.1  # seconds between two looks at a program that has not said its first line
_LOOKS = 3  # in a row that find nobody to have run in between
_IN_VAIN = 1_000  # waits and accepts in a row, of a program that should first say where it listens
_BUSY = 0.25  # of the time to start: who has computed for so long, and said nothing, is not about to say anything


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int | None
    signal: signal.Signals | None
    stdout: str
    stderr: str
    served: bool = False
    """It was to end by itself, and had to be told."""

    @property
    def how(self) -> str:
        if self.served:
            where = re.match(r"listening( on \S+)", self.stdout)
            return f"serving{where[1] if where else ''}, as if nothing were wrong"
        return f"killed by {self.signal.name}" if self.signal else f"exit code {self.code}"

    @property
    def last_words(self) -> tuple[str, ...]:
        """The sanitizer's first lines, or the last that the program said."""
        lines = [line for line in self.stderr.splitlines() if line.strip("= ")]
        for place, line in enumerate(lines):
            if any(mark in line for mark in _WHAT_MATTERS):
                return tuple(lines[place : place + LAST_WORDS])
        return tuple(lines[-LAST_WORDS:])


class Launched(Server):
    """A Server that muxstart puts into its circumstances. It ends with us, and so does what it has started."""

    def __init__(
        self,
        program: Path,
        options: Sequence[str],
        circumstances: Circumstances,
        tools: Tools,
        *,
        start_deadline: float,
        stop_deadline: float = 10.0,
    ) -> None:
        prefix = tools.command(program, circumstances)
        super().__init__(program, options, prefix=prefix, start_deadline=start_deadline, stop_deadline=stop_deadline)
        self.how = circumstances
        self._said = b""
        self._unread: int | None = None
        self._trace = TraceReader(circumstances.trace) if circumstances.trace else None
        self._silent = ""
        """What it does, though it has not said its first line."""

    @property
    def session(self) -> int:
        """The number of the session that it leads: all that it starts belongs there."""
        return self._running.pid

    def ended(self) -> Ended | None:
        """None while it runs."""
        code = self._running.poll()
        if code is None:
            return None
        number = signal.Signals(-code) if code < 0 else None
        while self._read_output(65536, 0):
            pass
        return Ended(None if number else code, number, self._said.decode(errors="replace"), self.stderr_text())

    def run_to_the_end(self) -> Ended:
        """In place of the with block: for a program that is not expected to serve."""
        self._process = self._spawn()
        try:
            deadline = time.monotonic() + self._start_deadline
            while not self._said.startswith(b"listening on ") and self._speaks(deadline):
                if not self._read_output(65536, deadline - time.monotonic()):
                    break
            served = self._said.startswith(b"listening on ") or bool(self._silent)
            if served:
                self.send_signal_early()
            with suppress(subprocess.TimeoutExpired):
                self._running.wait(self._stop_deadline)
            self._kill()
            ended = self.ended()
            assert ended is not None, "it has been waited for"
            return replace(ended, served=served)
        finally:
            self.kill()

    def send_signal_early(self) -> None:
        """It serves, though it should not: it is told to end as any other, and its exit code tells."""
        self.pid = self._find_pid()
        self.send_signal(signal.SIGTERM)

    def _spawn(self) -> subprocess.Popen[bytes]:
        how = self.how
        stdin: IO[bytes] | int = subprocess.DEVNULL
        stdout: int = subprocess.PIPE
        stderr: IO[bytes] | int = subprocess.DEVNULL
        ours: list[int] = []
        terminal = -1
        if how.stdin == "readable":
            reading, writing = os.pipe()
            os.write(writing, b"nobody asked\n")
            stdin = reading
            ours += [reading]
            self._unread = writing  # kept open: readable for ever, and never at its end
        if how.stdout == "pty":
            terminal, stdout = os.openpty()
            modes = termios.tcgetattr(stdout)
            modes[1] &= ~termios.OPOST  # else each newline comes with a carriage return
            termios.tcsetattr(stdout, termios.TCSANOW, modes)
            ours += [stdout]
        if how.stderr == "file":
            self._kept = stderr = tempfile.TemporaryFile()  # noqa: SIM115
        elif how.stderr == "unread":
            stderr = subprocess.PIPE
        process = subprocess.Popen(
            self._command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        for descriptor in ours:
            os.close(descriptor)
        if terminal != -1:
            process.stdout = os.fdopen(terminal, "rb", buffering=0)
        if process.stderr is not None:
            fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, SMALLEST_PIPE)
        return process

    def _await_first_line(self) -> Address:
        try:
            return super()._await_first_line()
        except MuxlabError:
            if not self._silent:
                raise
            if found := re.search(r"^listening on .*", self.stderr_text(), re.MULTILINE):
                raise MuxlabError(
                    f"{self.name} has said '{found[0]}' on stderr: its first line belongs on stdout"
                ) from None
            raise MuxlabError(
                f"{self.name} {self._silent} and has not said 'listening on HOST:PORT' on stdout",
                "stdout is a pipe here, as it is for any program that starts a server: what is printed stays in a "
                "buffer until that is flushed",
            ) from None

    def _read_output(self, size: int, timeout: float) -> bytes | None:
        deadline = time.monotonic() + timeout
        if b"\n" not in self._said and not self._speaks(deadline):
            return None
        try:
            data = super()._read_output(size, deadline - time.monotonic())
        except OSError:  # EIO: the other side of a terminal is gone
            data = b""
        self._said += data or b""
        return data

    def _speaks(self, deadline: float) -> bool:
        """True as soon as there is output, or its end. False if it serves without a word, or spins, or time is over."""
        before: dict[int, int] = {}
        looks = 0
        while not self._ready(_LOOK):
            threads = states(self._running.pid)
            turns = {thread.tid: thread.turns for thread in threads}
            looks = looks + 1 if _all_serve(threads) and turns == before else 0
            before = turns
            if looks >= _LOOKS:
                self._silent = f"waits in {next(thread.call for thread in threads if _serves(thread))}"
            elif self._spins():
                self._silent = "uses the CPU all the time"
            if self._silent or time.monotonic() > deadline:
                return False
        return True

    def _spins(self) -> bool:
        if self._trace is not None and self._trace.path.exists():
            enough = _IN_VAIN // 10 if self.how.stacks else _IN_VAIN  # with its stack a call takes far longer
            if self._trace.fruitless() >= enough:
                return True
        return cpu_seconds(self._running.pid) > self._start_deadline * _BUSY

    def _await_end_of_output(self) -> None:
        """For the trace to be complete. What else shares the server's stdout, a child perhaps, is not waited for."""
        if self.how.trace is not None:
            super()._await_end_of_output()

    def _kill(self) -> int:
        """The whole session: what the server has started, and the tracer."""
        process = self._running
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.wait()

    def kill(self) -> None:
        self._kill()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running.pid, signal.SIGKILL)  # children that outlive it
        self._close()

    def _close(self) -> None:
        super()._close()
        if self._unread is not None:
            os.close(self._unread)
            self._unread = None


def _serves(thread: ThreadState) -> bool:
    return thread.waits or (thread.sleeps and thread.call.startswith("accept"))


def _all_serve(threads: Sequence[ThreadState]) -> bool:
    """Somebody waits for clients, and nobody is about to do anything else."""
    idle = all(thread.sleeps and not thread.wakes_by_itself and not thread.time_limit for thread in threads)
    return idle and any(_serves(thread) for thread in threads)


def address_of(server: Launched) -> Address:
    """Where to connect to: a server that listens everywhere is reached on the loopback."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    return Address(everywhere.get(server.address.host, server.address.host), server.address.port)
