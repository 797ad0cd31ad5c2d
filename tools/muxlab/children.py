"""Runs another program to its end, so that an interruption ends it too, and everything it has started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from muxlab.errors import MuxlabError

GRACE = 5.0  # seconds a program gets to end by itself once interrupted; ninja needs them to end its compilers


def run_lines(
    command: Sequence[str],
    *,
    cwd: Path,
    on_line: Callable[[str], None] = lambda line: None,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Runs a command, hands over each line it prints as it comes, and returns its exit code and all it printed."""
    try:
        # A session of its own: Ctrl-C would reach the terminal's whole group, kill(1) only us. This way it is always
        # us who gets it, and we who pass it on to the whole family.
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError:
        raise MuxlabError(f"{command[0]} is not installed: ./muxlab setup installs what is missing") from None
    lines: list[str] = []
    try:
        assert child.stdout is not None
        for line in child.stdout:
            lines.append(line)
            on_line(line.rstrip("\n"))
        return child.wait(), "".join(lines)
    except BaseException:
        _end_family(child)
        raise


def _end_family(child: subprocess.Popen[str]) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            pass
        return
