"""./muxlab run: one lab, in the foreground, in place of this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import NoReturn

from muxlab.build import build_lab
from muxlab.project import Lab, Project


def run_lab(project: Project, lab: Lab, options: Sequence[str], preset: str) -> NoReturn:
    """Builds the lab if needed and becomes it, so that Ctrl-C and every other signal goes straight to it."""
    program = build_lab(project, lab, preset)
    # Python ignores these two, and what is ignored stays ignored across exec.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execv(program, [lab.folder, *options])
