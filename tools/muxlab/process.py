"""Starts an echo server that keeps the kit's contract, tells where it listens, and ends it."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

from muxlab.errors import MuxlabError
from muxlab.project import Project, find_lab

# Backstops: no verdict depends on them. A traced sanitizer build on a busy machine takes seconds to start.
START_DEADLINE = 30.0  # seconds until "listening on …"
STOP_DEADLINE = 10.0  # seconds from SIGTERM to SIGKILL


class Address(NamedTuple):
    """Where a server listens; goes into socket.create_connection() as it is."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_first_line(line: str) -> Address | None:
    """'listening on 127.0.0.1:43121' or 'listening on [::1]:43121'; None for anything else."""
    found = re.fullmatch(r"listening on (?:\[([^\[\]]+)\]|([^\[\]:]+)):(\d{1,5})", line.rstrip("\n"))
    return Address(found[1] or found[2], int(found[3])) if found else None


class Server:
    """A running server: `with Server("03_epoll_lt") as server: socket.create_connection(server.address)`.

    `program` is a lab's name, or the path of any program that keeps the contract (first line on stdout, options,
    SIGTERM). `--port 0` is added unless the options name a port. `env` is added to the environment of the program
    alone: an LD_PRELOAD in it does not reach what is put in front.

    `prefix` is a command to run the program under. For strace take `strace -D -f -o FILE`: with -D the tracer is a
    grandchild and the program stays our own child, so that signals, the exit code and the death signal below are
    the program's. Plain `strace -f -o FILE` works too (the program is found among its children, for it is the
    program that has to be told to end: strace ignores SIGTERM, and a killed strace leaves it running), but if this
    process is killed with SIGKILL the program then goes on alone.

    `pass_fds` are descriptors of ours that it is to have, under the same numbers.

    `stderr` is a file to write to, or anything subprocess takes; by default it is kept, and `stderr_text()` has it.

    The server gets SIGKILL when the *thread* that started it ends, however it ends: that is how Linux defines
    PR_SET_PDEATHSIG. So start servers from a thread that outlives them.
    """

    address: Address
    pid: int
    """The program's own, whatever it runs under."""

    def __init__(
        self,
        program: str | Path,
        options: Sequence[str] = (),
        *,
        preset: str = "dev",
        prefix: Sequence[str] = (),
        stderr: Path | IO[bytes] | int | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        pass_fds: Sequence[int] = (),
        start_deadline: float = START_DEADLINE,
        stop_deadline: float = STOP_DEADLINE,
    ) -> None:
        self.program = _find_program(program, preset)
        self.name = self.program.name
        self.killed = False
        """True when SIGTERM did not end it in time and SIGKILL had to."""
        self._prefix = list(prefix)
        self._command = [*prefix, *_environment(env), str(self.program), *_with_port(options)]
        self.arguments = self._command[len(prefix) :]
        """The program and its options; an environment, if one was given, comes first."""
        self._stderr = stderr
        self._cwd = cwd
        self._pass_fds = pass_fds
        self._start_deadline = start_deadline
        self._stop_deadline = stop_deadline
        self._kept: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        if self._prefix and not shutil.which(self._prefix[0]):
            raise MuxlabError(f"{self._prefix[0]} is not installed: ./muxlab setup installs what is missing")
        self._process = self._spawn()
        try:
            self.address = self._await_first_line()
            self.pid = self._find_pid()
        except BaseException:
            self._kill()
            self._await_end_of_output()
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._close()

    @property
    def stderr(self) -> IO[bytes] | None:
        """The reading end, if `stderr=subprocess.PIPE` was asked for."""
        return self._running.stderr

    def stderr_text(self) -> str:
        """What the server has written to stderr so far, unless it went somewhere else."""
        if isinstance(self._stderr, Path):
            return self._stderr.read_text(encoding="utf-8", errors="replace")
        if self._kept is None:
            return ""
        size = os.fstat(self._kept.fileno()).st_size
        return os.pread(self._kept.fileno(), size, 0).decode(errors="replace")

    def send_signal(self, number: signal.Signals) -> None:
        """To the program itself, if it still runs."""
        if self._running.poll() is None:
            with suppress(ProcessLookupError):  # it may have ended, and what it runs under not yet
                os.kill(self.pid, number)

    def stop(self) -> int:
        """SIGTERM, and wait for the end. Gives the exit code, or minus the number of the signal that ended it."""
        self.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Waits for the end; SIGKILL is the last resort. Then a tracer has written all it had to write."""
        try:
            code = self._running.wait(self._stop_deadline)
        except subprocess.TimeoutExpired:
            self.killed = True
            self.send_signal(signal.SIGKILL)
            code = self._kill()
        self._await_end_of_output()
        return code

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "only inside the with block"
        return self._process

    def _spawn(self) -> subprocess.Popen[bytes]:
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        stderr: IO[bytes] | int
        if self._stderr is None:
            # A file, because nobody may be reading a pipe, and a full one would change how the server behaves.
            self._kept = stderr = tempfile.TemporaryFile()  # noqa: SIM115
        elif isinstance(self._stderr, Path):
            self._kept = stderr = self._stderr.open("wb")
        else:
            stderr = self._stderr
        # A session of its own: Ctrl-C comes to us alone, and we end the server when its work is done.
        return subprocess.Popen(
            [*guard, *self._command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=self._cwd,
            pass_fds=self._pass_fds,
            start_new_session=True,
        )

    def _await_first_line(self) -> Address:
        deadline = time.monotonic() + self._start_deadline
        line = b""
        while not line.endswith(b"\n"):
            byte = self._read_output(1, deadline - time.monotonic())  # no further: what follows is not ours
            if byte is None:
                raise MuxlabError(f"{self.name} did not say 'listening on HOST:PORT' in {self._start_deadline:g} s")
            if not byte:
                raise self._ended_early()
            line += byte
        text = line.decode(errors="replace").rstrip("\n")
        address = parse_first_line(text)
        if address is None:
            raise MuxlabError(f"{self.name} must say 'listening on HOST:PORT' first, and said '{text}'")
        return address

    def _ended_early(self) -> MuxlabError:
        try:
            code = self._running.wait(self._stop_deadline)
        except subprocess.TimeoutExpired:
            return MuxlabError(f"{self.name} closed its stdout before it said 'listening on HOST:PORT'")
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        said = self.stderr_text().strip().splitlines()
        why = said[-1].removeprefix(f"{self.program}: ") if said else "it did not say why"
        return MuxlabError(f"{self.name} did not start ({how}): {why}")

    def _read_output(self, size: int, timeout: float) -> bytes | None:
        """None when the time is over."""
        assert self._running.stdout is not None
        return os.read(self._running.stdout.fileno(), size) if self._ready(timeout) else None

    def _ready(self, timeout: float) -> bool:
        """poll, not select: a load generator may have thousands of descriptors open."""
        assert self._running.stdout is not None
        poller = select.poll()
        poller.register(self._running.stdout.fileno(), select.POLLIN)
        return bool(poller.poll(max(0.0, timeout) * 1000))

    def _await_end_of_output(self) -> None:
        """Everything that shares the server's stdout has ended: with `strace -D` that is when the trace is complete."""
        deadline = time.monotonic() + self._stop_deadline
        while self._read_output(65536, deadline - time.monotonic()):
            pass

    def _find_pid(self) -> int:
        pid = self._running.pid
        if not self._prefix:
            return pid
        wrapper = os.path.realpath(shutil.which(self._prefix[0]) or "")
        candidates = [pid]
        for candidate in candidates:
            try:
                if os.path.realpath(f"/proc/{candidate}/exe") != wrapper:
                    return candidate
            except FileNotFoundError:  # it has ended
                return candidate
            candidates += _children(candidate)
        return pid

    def _kill(self) -> int:
        """The program first: it outlives a tracer that is killed."""
        process = self._running
        for pid in [*_children(process.pid), process.pid]:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        return process.wait()

    def _close(self) -> None:
        for stream in (self._running.stdout, self._running.stderr, self._kept):
            if stream is not None:
                stream.close()


def _find_program(program: str | Path, preset: str) -> Path:
    if isinstance(program, str):
        lab = find_lab(program)
        path = Project.here().binary(lab, preset)
        if not path.exists():
            raise MuxlabError(f"{lab.folder} is not built: cmake --build --preset {preset} --target {lab.folder}")
        return path
    if not program.is_file():
        raise MuxlabError(f"there is no program {program}: build it first, or check the path")
    if not os.access(program, os.X_OK):
        raise MuxlabError(f"{program} cannot be run: chmod +x it, or check the path")
    return program.absolute()


def _with_port(options: Sequence[str]) -> list[str]:
    named = any(option == "--port" or option.startswith("--port=") for option in options)
    return [*options] if named else ["--port", "0", *options]


def _environment(env: Mapping[str, str] | None) -> list[str]:
    return ["env", *(f"{name}={value}" for name, value in env.items())] if env else []


def descendants(pid: int) -> list[int]:
    """The processes it has started, and those that they have."""
    found = _children(pid)
    for child in found:
        found += _children(child)
    return found


def _children(pid: int) -> list[int]:
    """From /proc/*/stat: not every kernel is built with /proc/PID/task/TID/children."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name in parentheses may hold anything, so count from the last one: state, then parent.
                parent = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            except (OSError, IndexError):
                continue  # ended in the meantime
            if int(parent) == pid:
                found.append(int(entry.name))
    return found
