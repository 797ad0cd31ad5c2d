"""What the numbers depend on, besides the code: the machine."""

from __future__ import annotations

import os
import platform
import re
import resource
from pathlib import Path

from muxlab.compare.model import Machine
from muxlab.strace.run import version


def machine() -> Machine:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    name = os.uname()
    return Machine(
        kernel=f"{name.sysname} {name.release}",
        architecture=name.machine,
        cpu=_cpu(),
        cpus=len(os.sched_getaffinity(0)),
        open_files_soft=soft,
        open_files_hard=hard,
        libc=" ".join(platform.libc_ver()).strip(),
        python=platform.python_version(),
        strace=version(),
    )


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return "unknown"
    found = re.search(r"^(?:model name|Model|Processor|cpu)\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else "unknown"
