"""What the figures depend on, besides the code: the machine."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import subprocess
from pathlib import Path

from muxlab.bench.model import Machine
from muxlab.strace.run import version

VULNERABILITIES = Path("/sys/devices/system/cpu/vulnerabilities")


def machine() -> Machine:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    name = os.uname()
    cpus = tuple(sorted(os.sched_getaffinity(0)))
    server, client = choose_cpus(cpus)
    info = _read("/proc/cpuinfo")
    return Machine(
        kernel=f"{name.sysname} {name.release}",
        architecture=name.machine,
        cpu=_found(r"^(?:model name|Model|Processor|cpu)\s*:\s*(.+)$", info) or "unknown",
        cpus=cpus,
        server_cpu=server,
        client_cpu=client,
        governor=_read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        virtual=_hypervisor(info),
        mitigations=_mitigations(),
        open_files_soft=soft,
        open_files_hard=hard,
        somaxconn=int(_read("/proc/sys/net/core/somaxconn") or 0),
        local_ports="–".join(_read("/proc/sys/net/ipv4/ip_local_port_range").split()),
        libc=" ".join(platform.libc_ver()).strip(),
        compiler=_first_line(os.environ.get("CXX", "c++").split()[0], "--version"),
        valgrind=_first_line("valgrind", "--version"),
        strace=version(),
    )


def choose_cpus(cpus: tuple[int, ...]) -> tuple[int | None, int | None]:
    """For the server and for the client. The first processor often serves the interrupts, so it is the client's."""
    return (cpus[-1], cpus[0]) if len(cpus) > 1 and shutil.which("taskset") else (None, None)


def _mitigations() -> dict[str, str]:
    try:
        return {one.name: one.read_text().strip() for one in sorted(VULNERABILITIES.iterdir())}
    except OSError:
        return {}


def _hypervisor(info: str) -> str:
    name = _read("/sys/class/dmi/id/sys_vendor")
    shown = re.search(r"^flags\s*:.*\bhypervisor\b", info, re.MULTILINE)
    return (name or "a hypervisor") if shown else ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else ""


def _first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.partition("\n")[0].strip()
