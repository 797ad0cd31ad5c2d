"""The doctor, on machines of all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from muxlab import doctor
from muxlab.doctor import Finding, Status
from muxlab.machine import Answer, Machine
from muxlab.project import Project
from stage import Tree


class MadeUp(Machine):
    """A machine on which all is well, but for what the test says."""

    def __init__(
        self,
        answers: Mapping[str, Answer | None] | None = None,
        files: Mapping[str, str] | None = None,
        taken: Mapping[tuple[str, int], str] | None = None,
        limits: tuple[int, int] = (1024, 1_048_576),
        cpus: int = 4,
        root: bool = False,
    ) -> None:
        self.answers = {
            "c++": Answer(0, "c++ (Debian 12.2.0-14) 12.2.0"),
            "cmake": Answer(0, "cmake version 3.25.1\n\nmaintained"),
            "ninja": Answer(0, "1.11.1"),
            "strace": Answer(0, "strace -- version 6.1"),
            "unshare": Answer(0, ""),
            "addr2line": Answer(0, ""),
            **(answers or {}),
        }
        self.files = {"/proc/sys/kernel/osrelease": "6.1.0-18-amd64", **(files or {})}
        self.taken = taken or {}
        self.limits = limits
        self.cpu_count = cpus
        self.root = root

    def run(self, *command: str, stdin: str = "") -> Answer | None:
        # A longer key answers for one way of calling a program: "strace -o".
        return self.answers.get(" ".join(command[:2]), self.answers.get(command[0]))

    def has(self, program: str) -> bool:
        return self.answers.get(program) is not None

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def exists(self, path: str) -> bool:
        return path in self.files

    def variable(self, name: str) -> str:
        return ""

    def is_root(self) -> bool:
        return self.root

    def open_files(self) -> tuple[int, int]:
        return self.limits

    def cpus(self) -> int:
        return self.cpu_count

    def bind(self, host: str, port: int) -> str:
        return self.taken.get((host, port), "")


def examine(machine: Machine, root: str = "/home/ada/muxlab") -> list[Finding]:
    return doctor.examine(machine, Project(Path(root)))


def complaints(machine: Machine, root: str = "/home/ada/muxlab") -> list[Finding]:
    return [finding for finding in examine(machine, root) if finding.status is not Status.OK]


def test_a_machine_in_order() -> None:
    assert complaints(MadeUp()) == []
    assert doctor.verdict(examine(MadeUp())) == "everything is in order"


@pytest.mark.parametrize(
    ("machine", "subject", "status", "words"),
    [
        (MadeUp({"c++": None}), "compiler", Status.PROBLEM, "there is no c++; fix: ./muxlab setup"),
        (
            MadeUp({"c++ -std=c++20": Answer(1, "too old")}),
            "compiler",
            Status.PROBLEM,
            "g++ 12 or clang++ 14 is needed",
        ),
        (MadeUp({"cmake": None}), "cmake", Status.PROBLEM, "not installed; fix: ./muxlab setup"),
        (MadeUp({"cmake": Answer(0, "cmake version 3.18.4")}), "cmake", Status.PROBLEM, "3.22 or newer is needed"),
        (MadeUp({"ninja": None}), "ninja", Status.PROBLEM, "not installed"),
        (MadeUp({"c++ -E": Answer(1, "")}), "googletest", Status.WARNING, "the unit tests are not built"),
        (MadeUp({"strace": None}), "strace", Status.WARNING, "no system call can be watched"),
        (
            MadeUp({"strace -o": Answer(1, "strace: PTRACE_TRACEME: Operation not permitted\n")}),
            "strace",
            Status.WARNING,
            "not permitted (strace: PTRACE_TRACEME: Operation not permitted); fix: in a container, start it with --cap",
        ),
        (MadeUp({"strace -o": None}), "strace", Status.WARNING, "it does not come back"),
        (MadeUp({"addr2line": None}), "addr2line", Status.WARNING, "no source lines"),
        (
            MadeUp(files={"/proc/sys/kernel/yama/ptrace_scope": "2"}),
            "ptrace",
            Status.WARNING,
            "fix: as root: sysctl kernel.yama.ptrace_scope=1",
        ),
        (MadeUp(files={"/proc/sys/kernel/yama/ptrace_scope": "3"}), "ptrace", Status.WARNING, "3 is final"),
        (
            MadeUp(limits=(1024, 4096)),
            "open files",
            Status.WARNING,
            "limit 4096: runs with 10,000 clients get about 3996",
        ),
        (MadeUp({"unshare": Answer(1, "")}), "namespaces", Status.WARNING, "share this machine's"),
        (
            MadeUp(taken={("127.0.0.1", 0): "Cannot assign requested address"}),
            "IPv4",
            Status.PROBLEM,
            "ip link set lo up",
        ),
        (MadeUp(taken={("::1", 0): "Cannot assign requested address"}), "IPv6", Status.WARNING, "cannot listen on ::1"),
        (MadeUp(taken={("127.0.0.1", 8080): "Address already in use"}), "port 8080", Status.WARNING, "--port 0"),
        (MadeUp(cpus=1), "CPUs", Status.WARNING, "compete"),
        (
            MadeUp(files={"/proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft"}),
            "system",
            Status.WARNING,
            "wsl --set-version",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_one_thing_out_of_order_is_one_line(machine: MadeUp, subject: str, status: Status, words: str) -> None:
    found = [finding for finding in complaints(machine) if finding.subject == subject]
    assert [finding.status for finding in found] == [status]
    assert words in str(found[0])
    assert "\n" not in str(found[0])


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (MadeUp(files={"/proc/sys/kernel/yama/ptrace_scope": "1"}), "what muxlab starts can be traced"),
        (MadeUp(files={"/proc/sys/kernel/yama/ptrace_scope": "2"}, root=True), "what muxlab starts can be traced"),
        (MadeUp(limits=(1024, -1)), "can be raised to unlimited"),
        (MadeUp(files={"/.dockerenv": ""}), "in a Docker container"),
        (MadeUp(files={"/proc/sys/kernel/osrelease": "5.15.90-microsoft-standard-WSL2"}), "WSL 2, Linux 5.15.90"),
    ],
)
def test_what_is_unusual_but_in_order(machine: MadeUp, words: str) -> None:
    assert complaints(machine) == []
    assert any(words in str(finding) for finding in examine(machine))


def test_what_the_benchmark_goes_without_is_one_apt_line() -> None:
    some = MadeUp({"c++ -E": Answer(1, ""), "valgrind": Answer(0, ""), "taskset": Answer(0, "")})
    line = next(str(finding) for finding in examine(some) if finding.subject == "benchmark")
    assert line.endswith(
        "for all of it: apt-get install libasio-dev libbenchmark-dev libev-dev libevent-dev liburing-dev libuv1-dev"
    )
    everything = MadeUp({"valgrind": Answer(0, ""), "taskset": Answer(0, "")})
    assert any("everything that ./muxlab bench compares with" in str(finding) for finding in examine(everything))


def test_what_the_slides_go_without_is_one_apt_line() -> None:
    def said(answers: Mapping[str, Answer], files: Mapping[str, str]) -> str:
        machine = MadeUp(answers, files)
        assert complaints(machine) == []
        return next(str(finding) for finding in examine(machine) if finding.subject == "slides")

    browser, font, no_font = {"chromium": Answer(0, "")}, {"fc-list": Answer(0, "Noto\n")}, {"fc-list": Answer(0, "")}
    decks = {"/home/ada/muxlab/slides": ""}
    assert "in both languages" in said({**browser, **font}, decks)
    assert said(font, decks).endswith("--check, --pdf and --lang zh: apt-get install chromium")
    assert said({**browser, **no_font}, decks).endswith("apt-get install fonts-noto-cjk")
    assert said(no_font, decks).endswith("apt-get install chromium fonts-noto-cjk")
    assert "fonts" not in said({}, decks)  # who cannot ask about fonts does not say that they are missing
    assert "apt-get" not in said(no_font, {})  # a student's copy has no decks


def test_a_project_on_a_windows_disk() -> None:
    machine = MadeUp(files={"/proc/sys/kernel/osrelease": "5.15.90-microsoft-standard-WSL2"})
    assert "slow" in complaints(machine, "/mnt/c/Users/ada/muxlab")[0].text


def test_only_problems_say_that_the_labs_do_not_work() -> None:
    assert doctor.verdict(examine(MadeUp(cpus=1))).startswith("the labs can be built and run")
    assert doctor.verdict(examine(MadeUp({"cmake": None}))) == "1 of these stop the labs from being built or run"


def test_the_exit_code_is_1_when_the_labs_cannot_be_built(tree: Tree) -> None:
    done = tree.run("doctor", PATH="/nowhere")
    assert done.returncode == 1
    assert "problem  cmake           not installed; fix: ./muxlab setup" in done.stdout.splitlines()


def test_here_every_finding_is_one_line(tree: Tree) -> None:
    done = tree.run("doctor")
    assert done.stderr == ""
    *findings, last = done.stdout.splitlines()
    assert all(line.startswith(("ok ", "warning ", "problem ")) for line in findings)
    assert len(findings) == len(examine(MadeUp()))
    assert not last.startswith(("ok ", "warning ", "problem "))
