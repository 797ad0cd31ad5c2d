"""Files that a user names."""

from __future__ import annotations

from pathlib import Path


def check_writable(path: Path) -> None:
    """Before minutes of work, not after them. Throws OSError, which the command line tells in one line."""
    existed = path.exists()
    with path.open("a"):
        pass
    if not existed:
        path.unlink()
