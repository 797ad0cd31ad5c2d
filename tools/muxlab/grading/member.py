"""One pytest process of the crew: started, given a test at a time, listened to, ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muxlab.grading.results import Test
from muxlab.grading.threads import family
from muxlab.project import Project

SUITE = Path("tests/graded")
LOADING = 600.0  # seconds until the tests are imported, on a machine at its limits
LAST_WORDS, CRASH = 20, 6  # lines

_START = """import sys
sys.path[:0] = {paths!r}
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Task:
    """A test, and what it is to be run with."""

    test: Test
    executable: Path
    tools: Path
    seed: int
    scale: float
    """For the deadlines."""
    retell: bool = False
    """It has failed, and is only to be told better."""
    does_not_start: tuple[str, ...] = ()
    """The program is not to be started: it does not start, with these words."""

    def order(self) -> dict[str, object]:
        return {
            "test": self.test.id,
            "executable": str(self.executable),
            "tools": str(self.tools),
            "seed": self.seed,
            "scale": self.scale,
            "retell": self.retell,
            "does_not_start": self.does_not_start,
        }


class Member:
    def __init__(self, project: Project, keyword: str) -> None:
        self.ready = False
        """It has loaded the tests."""
        self.task: Task | None = None
        self.began = False
        """It has taken up its task."""
        self.deadline = time.monotonic() + LOADING
        self._text = b""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (what pytest prints: read only when it has failed)
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                _command(project, keyword, theirs.fileno()),
                cwd=project.root,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C comes to us, and we end it
            )

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def late(self) -> bool:
        return time.monotonic() >= self.deadline

    def give(self, task: Task, seconds: float) -> None:
        self.task, self.began = task, False
        self.deadline = time.monotonic() + seconds
        with suppress(OSError):  # it has died: that is seen when its reply is read
            self._socket.sendall(json.dumps(task.order()).encode() + b"\n")

    def read(self) -> list[dict[str, Any]] | None:
        """The messages that have come. None: it is gone, or talks nonsense, which is no better."""
        try:
            data = self._socket.recv(1 << 20)
        except OSError:
            data = b""
        *lines, self._text = (self._text + data).split(b"\n")
        try:
            messages = [json.loads(line) for line in lines]
        except ValueError:
            return None
        return messages if data or messages else None

    def end(self) -> None:
        """It has nothing to write any more. Its servers end with it, and so do the processes that they have started."""
        for pid in family(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._socket.close()
        self._log.close()

    def how_it_ended(self) -> str:
        """'SIGSEGV', 'exit code 4'. To be asked once it has closed its socket."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        code = self._process.poll()
        if code is None:
            return "it talked no sense"
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def last_words(self) -> list[str]:
        """The end of what it has printed; if Python itself has crashed, where."""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        crash = [place for place, line in enumerate(lines) if line.startswith("Fatal Python error")]
        return lines[crash[-1] :][:CRASH] if crash else lines[-LAST_WORDS:]


def _command(project: Project, keyword: str, descriptor: int) -> list[str]:
    tools = Path(__file__).resolve().parents[2]
    start = _START.format(paths=[str(tools), str(project.root / SUITE)])
    options = [
        *("-p", "muxlab.grading.plugin", "--muxlab-control", str(descriptor)),
        # Nothing of the project's own settings: a student may have changed them.
        *("-c", os.devnull, "--rootdir", str(project.root), "--import-mode=importlib", "--strict-markers"),
        *("-p", "no:cacheprovider", "-q", "--tb=short", "--color=no"),
        *(("-k", keyword) if keyword else ()),
    ]
    return [sys.executable, "-I", "-X", "faulthandler", "-c", start, *options, str(project.root / SUITE)]
