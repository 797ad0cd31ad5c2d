"""Files that a user asks for."""

from __future__ import annotations

from pathlib import Path


def check_writable(path: Path) -> None:
    """Before a minute of work, not after it."""
    existed = path.exists()
    with path.open("a"):
        pass
    if not existed:
        path.unlink()
