"""./muxlab doctor: what is and what is not in order on this machine, and how to put it right."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from muxlab.machine import Machine
from muxlab.project import Project
from muxlab.slides.browser import NAMES as BROWSERS

SETUP = "./muxlab setup"
MANY_CLIENTS = 10_000
OWN_DESCRIPTORS = 100  # what a server and the load generator need besides their clients, generously
COMPILER_TEST = """#include <concepts>
#if defined(__clang__) ? __clang_major__ < 14 : __GNUC__ < 12
#error too old
#endif
"""


class Status(Enum):
    OK = "ok"
    WARNING = "warning"
    """Something does not work here, and the labs still do."""
    PROBLEM = "problem"
    """The labs cannot be built or run."""


@dataclass(frozen=True)
class Finding:
    subject: str
    status: Status
    text: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.status.value:<8} {self.subject:<15} {self.text}" + (f"; fix: {self.fix}" if self.fix else "")


def ok(subject: str, text: str) -> Finding:
    return Finding(subject, Status.OK, text)


def warning(subject: str, text: str, fix: str = "") -> Finding:
    return Finding(subject, Status.WARNING, text, fix)


def problem(subject: str, text: str, fix: str = "") -> Finding:
    return Finding(subject, Status.PROBLEM, text, fix)


def compiler_command(machine: Machine) -> list[str]:
    """The one CMake takes."""
    wanted = machine.variable("CXX").split()
    return wanted or [next((name for name in ("c++", "g++", "clang++") if machine.has(name)), "c++")]


def check_compiler(machine: Machine) -> Finding:
    command = compiler_command(machine)
    version = machine.run(*command, "--version")
    if version is None:
        return problem("compiler", f"there is no {command[0]}", SETUP)
    test = machine.run(*command, "-std=c++20", "-fsyntax-only", "-x", "c++", "-", stdin=COMPILER_TEST)
    if test is None or test.code != 0:
        return problem("compiler", f"{version.first_line}: g++ 12 or clang++ 14 is needed", SETUP)
    return ok("compiler", f"{' '.join(command)}: {version.first_line}")


def check_cmake(machine: Machine) -> Finding:
    answer = machine.run("cmake", "--version")
    found = re.search(r"(\d+)\.(\d+)\S*", answer.first_line) if answer else None
    if found is None:
        return problem("cmake", "not installed", SETUP)
    if (int(found[1]), int(found[2])) < (3, 22):
        return problem("cmake", f"{found[0]}: 3.22 or newer is needed", SETUP)
    return ok("cmake", found[0])


def check_ninja(machine: Machine) -> Finding:
    answer = machine.run("ninja", "--version") or machine.run("ninja-build", "--version")
    return ok("ninja", answer.first_line) if answer else problem("ninja", "not installed", SETUP)


def check_googletest(machine: Machine) -> Finding:
    test = "#if !__has_include(<gtest/gtest.h>)\n#error\n#endif\n"
    answer = machine.run(*compiler_command(machine), "-E", "-x", "c++", "-", stdin=test)
    if answer is None or answer.code != 0:
        return warning("googletest", "the compiler does not find it: the unit tests are not built", SETUP)
    return ok("googletest", "the compiler finds it")


def check_python(_: Machine) -> Finding:
    return ok("python", platform.python_version())  # an older one would not have come this far


def check_strace(machine: Machine) -> Finding:
    answer = machine.run("strace", "--version")
    if answer is None:
        return warning("strace", "not installed: no system call can be watched or counted", SETUP)
    version = answer.first_line.rpartition("version ")[2]
    # Being there is not enough: only a try shows whether the kernel, a container or a policy lets it trace.
    tried = machine.run("strace", "-o", "/dev/null", "/bin/true")
    if tried is None or tried.code != 0:
        why = tried.text.strip().splitlines()[-1] if tried and tried.text.strip() else "it does not come back"
        return warning(
            "strace",
            f"{version}, but tracing is not permitted ({why})",
            "in a container, start it with --cap-add=SYS_PTRACE; elsewhere see the ptrace line",
        )
    return ok("strace", f"{version}, and tracing is permitted")


def check_addr2line(machine: Machine) -> Finding:
    if machine.has("addr2line"):
        return ok("addr2line", "system calls can be shown next to their source line")
    return warning("addr2line", "not installed: no source lines next to system calls", SETUP)


# What ./muxlab bench compares with, and counts with: a header or a program, and the Debian package that has it.
BENCH_HEADERS = {
    "uv.h": "libuv1-dev",
    "event2/event.h": "libevent-dev",
    "ev.h": "libev-dev",
    "asio.hpp": "libasio-dev",
    "liburing.h": "liburing-dev",
    "benchmark/benchmark.h": "libbenchmark-dev",
}
BENCH_PROGRAMS = {"valgrind": "valgrind", "taskset": "util-linux"}


def check_bench(machine: Machine) -> Finding:
    missing = [package for name, package in BENCH_PROGRAMS.items() if not machine.has(name)]
    for header, package in BENCH_HEADERS.items():
        test = f"#if !__has_include(<{header}>)\n#error\n#endif\n"
        answer = machine.run(*compiler_command(machine), "-E", "-x", "c++", "-", stdin=test)
        if answer is None or answer.code != 0:
            missing.append(package)
    if not missing:
        return ok("benchmark", "everything that ./muxlab bench compares with is installed")
    # No warning: the kit is complete without it.
    return ok("benchmark", f"goes without some; for all of it: apt-get install {' '.join(sorted(missing))}")


def check_slides(machine: Machine, root: Path) -> Finding:
    if not machine.exists(f"{root}/slides"):
        return ok("slides", "not in this copy: they stay with who teaches")
    missing = [] if any(machine.has(name) for name in BROWSERS) else ["chromium"]
    fonts = machine.run("fc-list", ":lang=zh-cn", "family")
    if fonts is not None and not fonts.text.strip():
        missing.append("fonts-noto-cjk")
    if not missing:
        return ok("slides", "can be shown in both languages, checked and printed")
    # No warning: any browser elsewhere shows the decks, and only who teaches prints them.
    return ok("slides", f"go without some; for --check, --pdf and --lang zh: apt-get install {' '.join(missing)}")


def check_ptrace_scope(machine: Machine) -> Finding:
    scope = machine.read("/proc/sys/kernel/yama/ptrace_scope")
    if scope is None or scope == "0":
        return ok("ptrace", "any process of yours can be traced")
    if scope == "1" or (scope == "2" and machine.is_root()):
        return ok("ptrace", f"what muxlab starts can be traced (yama ptrace_scope {scope})")
    how = (
        "as root: sysctl kernel.yama.ptrace_scope=1"
        if scope == "2"
        else "restart with another ptrace_scope: 3 is final"
    )
    return warning("ptrace", f"tracing is restricted (yama ptrace_scope {scope})", how)


def check_open_files(machine: Machine) -> Finding:
    soft, hard = machine.open_files()
    unlimited = 2**63 - 1
    if hard in (-1, unlimited) or hard >= MANY_CLIENTS + OWN_DESCRIPTORS:
        shown = "unlimited" if hard in (-1, unlimited) else str(hard)
        return ok("open files", f"limit {soft}, can be raised to {shown} (the labs do): enough for 10,000 clients")
    return warning(
        "open files",
        f"limit {hard}: runs with 10,000 clients get about {max(0, hard - OWN_DESCRIPTORS)} at most",
        f"'* hard nofile {2 * MANY_CLIENTS}' in /etc/security/limits.conf and a new login; "
        f"in a container --ulimit nofile={2 * MANY_CLIENTS}",
    )


def check_namespaces(machine: Machine) -> Finding:
    as_root = () if machine.is_root() else ("--user", "--map-root-user")
    answer = machine.run("unshare", *as_root, "--net", "true")
    if answer is not None and answer.code == 0:
        return ok("namespaces", "tests can have a network of their own")
    return warning(
        "namespaces",
        "tests cannot have a network of their own; they share this machine's",
        "as root: sysctl kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0, "
        "whichever exists",
    )


def check_loopback(machine: Machine, subject: str, host: str) -> Finding:
    why = machine.bind(host, 0)
    if not why:
        return ok(subject, f"servers can listen on {host}")
    if subject == "IPv4":
        return problem(subject, f"cannot listen on {host}: {why}", "as root: ip link set lo up")
    return warning(subject, f"cannot listen on {host}: {why}", "only --host ::1 and its tests need it")


def check_port(machine: Machine) -> Finding:
    why = machine.bind("127.0.0.1", 8080)
    if not why:
        return ok("port 8080", "free (the labs' default)")
    return warning("port 8080", f"not to be had: {why}", "--port 0 after ./muxlab run NN takes a free one")


def check_cpus(machine: Machine) -> Finding:
    count = machine.cpus()
    if count > 1:
        return ok("CPUs", str(count))
    return warning("CPUs", "only 1: measured costs include the clients that compete with the server")


def check_system(machine: Machine, root: Path) -> Finding:
    release = machine.read("/proc/sys/kernel/osrelease") or "unknown"
    if "microsoft" not in release.lower():
        kind = next((name for path, name in CONTAINERS.items() if machine.exists(path)), "")
        return ok("system", f"Linux {release}" + (f", in a {kind} container" if kind else ""))
    if "wsl2" not in release.lower():
        fix = "in a Windows terminal: wsl --set-version NAME 2"
        return warning("system", f"WSL 1 ({release}): not a Linux kernel, so what you see is not Linux", fix)
    if root.as_posix().startswith("/mnt/"):
        return warning("system", "WSL 2, project on a Windows disk: slow", "copy the project to your Linux home folder")
    return ok("system", f"WSL 2, Linux {release}")


CONTAINERS = {"/.dockerenv": "Docker", "/run/.containerenv": "Podman"}


def examine(machine: Machine, project: Project) -> list[Finding]:
    checks: list[Callable[[Machine], Finding]] = [
        lambda m: check_system(m, project.root),
        check_compiler,
        check_cmake,
        check_ninja,
        check_googletest,
        check_python,
        check_strace,
        check_ptrace_scope,
        check_addr2line,
        check_bench,
        lambda m: check_slides(m, project.root),
        check_open_files,
        check_cpus,
        lambda m: check_loopback(m, "IPv4", "127.0.0.1"),
        lambda m: check_loopback(m, "IPv6", "::1"),
        check_port,
        check_namespaces,
    ]
    return [check(machine) for check in checks]


def verdict(findings: list[Finding]) -> str:
    problems = sum(finding.status is Status.PROBLEM for finding in findings)
    warnings = sum(finding.status is Status.WARNING for finding in findings)
    if problems:
        return f"{problems} of these stop the labs from being built or run"
    if warnings:
        return f"the labs can be built and run; what is limited: see the {'warning' if warnings == 1 else 'warnings'}"
    return "everything is in order"
