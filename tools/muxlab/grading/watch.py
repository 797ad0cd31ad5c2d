"""Waits until a source file of what is graded changes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from muxlab.project import Lab, Project

PERIOD = 0.25  # seconds between two looks: nobody notices, and a look at fifty files costs nothing
_BUILT_FROM = {".cpp", ".hpp", ".h", ".c", ".txt", ".cmake"}

Snapshot = dict[Path, tuple[int, int]]


def snapshot(project: Project, labs: Sequence[Lab], server: Path | None) -> Snapshot:
    """What the programs are made from, and when that was changed; for somebody else's program the program itself."""
    if server is not None:
        return _state([server])
    folders = [project.root / "common", *(project.folder(lab) for lab in labs)]
    return _state([path for folder in folders for path in folder.rglob("*") if path.suffix in _BUILT_FROM])


def _state(paths: Sequence[Path]) -> Snapshot:
    found = {}
    for path in paths:
        try:
            about = path.stat()
        except OSError:
            continue  # an editor is just replacing it
        found[path] = (about.st_mtime_ns, about.st_size)
    return found


def await_change(project: Project, labs: Sequence[Lab], server: Path | None, before: Snapshot) -> list[str]:
    """Returns the names of the files that are new, gone or different, once nothing changes any more."""
    now = before
    while True:
        time.sleep(PERIOD)
        last, now = now, snapshot(project, labs, server)
        if now != before and now == last:
            return sorted({path.name for path in now.keys() | before.keys() if now.get(path) != before.get(path)})
