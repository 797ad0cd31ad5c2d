"""What /proc tells of another process, which may end while we look."""

from __future__ import annotations

import os
from pathlib import Path


def has_memory(pid: int) -> bool:
    """False from the moment on at which a process begins to end."""
    try:
        return not Path(f"/proc/{pid}/statm").read_text().startswith("0 ")
    except OSError:
        return False


def descriptor_numbers(pid: int) -> list[str]:
    """In ascending order; none if it has ended. Raises PermissionError if we may not look there."""
    try:
        return sorted(os.listdir(f"/proc/{pid}/fd"), key=int)  # noqa: PTH208
    except OSError:
        if has_memory(pid):
            raise
        return []
