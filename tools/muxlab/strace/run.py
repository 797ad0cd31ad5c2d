"""How strace is started, and whether it can be at all."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

BACKSTOP = 60.0  # seconds, on a machine at its limits
STRING_BYTES = 64  # of each buffer that are printed: enough to recognize a mark


def prefix(output: Path, options: Sequence[str] = ()) -> list[str]:
    """What goes before a program to trace it and all its threads; for Server(prefix=…).

    With -D the tracer is a grandchild, so that the program stays our own child: strace ignores SIGTERM, and a
    killed strace leaves the program alive.
    """
    return ["strace", "-D", "-f", "-ttt", "-s", str(STRING_BYTES), *options, "-o", str(output)]


def why_not() -> str:
    """Empty if programs can be traced here; else why not, and the way out."""
    if not shutil.which("strace"):
        return "strace is missing (apt install strace)"
    try:
        tried = subprocess.run(
            ["strace", "-o", "/dev/null", "/bin/true"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=BACKSTOP,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"strace does not work here ({error})"
    if tried.returncode != 0:
        said = tried.stderr.strip().splitlines()
        return f"tracing is not permitted here ({said[-1] if said else 'strace does not say why'}); see ./muxlab doctor"
    return ""


def version() -> str:
    """'6.1', or empty."""
    try:
        told = subprocess.run(
            ["strace", "--version"], capture_output=True, text=True, errors="replace", timeout=BACKSTOP
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.partition("\n")[0].rpartition("version ")[2].strip()
