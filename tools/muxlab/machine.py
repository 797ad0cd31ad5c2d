"""The machine as the doctor asks it. Tests put a made-up one in its place."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    code: int
    text: str
    """stdout and stderr together."""

    @property
    def first_line(self) -> str:
        return self.text.strip().partition("\n")[0]


class Machine:
    def run(self, *command: str, stdin: str = "") -> Answer | None:
        """None when there is no such program, or it does not come back."""
        try:
            done = subprocess.run(
                command,
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return Answer(done.returncode, done.stdout)

    def has(self, program: str) -> bool:
        return shutil.which(program) is not None

    def read(self, path: str) -> str | None:
        try:
            return Path(path).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def variable(self, name: str) -> str:
        return os.environ.get(name, "")

    def is_root(self) -> bool:
        return os.geteuid() == 0

    def open_files(self) -> tuple[int, int]:
        """The soft and the hard limit."""
        return resource.getrlimit(resource.RLIMIT_NOFILE)

    def cpus(self) -> int:
        return len(os.sched_getaffinity(0))

    def bind(self, host: str, port: int) -> str:
        """Empty if a server could listen there; else why not."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as listener:
                # As the labs do: connections of an earlier run that linger in TIME_WAIT do not count.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, port))
                listener.listen()
        except OSError as error:
            return error.strerror or str(error)
        return ""
