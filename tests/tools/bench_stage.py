"""Made-up measurements, and a bench that measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from muxlab.bench.model import Machine, Part, Report, Result, Scene, Step, Subject

SUBJECTS = (
    Subject("lab", "the lab", "lab", "floor"),
    Subject("floor", "the floor", "floor", "floor"),
    Subject("peer", "a peer", "peer", "floor", version="peer 1.2"),
)
SCENES = (
    Scene("count", Part.COUNT, "50 clients", 50, 64, 1),
    Scene("echo-50", Part.ECHO, "50 clients", 50, 64, 1),
    Scene("idle-0", Part.IDLE, "0 idle", 10, 64, 1, 0),
    Scene("idle-900", Part.IDLE, "900 idle", 10, 64, 1, 900),
    Scene("wakeup-loop", Part.WAKEUP, "round trip"),
)
CALLS = {"instructions": (150.0,), "calls": (2.02,), "call.sendto": (1.0,), "call.epoll_wait": (0.02,)}


def machine() -> Machine:
    return Machine(
        kernel="Linux 6.1",
        architecture="x86_64",
        cpu="A CPU",
        cpus=(0, 1),
        server_cpu=1,
        client_cpu=0,
        governor="performance",
        virtual="",
        mitigations={"meltdown": "Not affected"},
        open_files_soft=1024,
        open_files_hard=20000,
        somaxconn=4096,
        local_ports="32768–60999",
        libc="glibc 2.36",
        compiler="g++ 12",
        valgrind="valgrind-3.19.0",
        strace="6.1",
    )


def made_up_report(notes: Sequence[str] = ()) -> Report:
    results = (
        Result("count", "lab", CALLS),
        Result("count", "peer", {}, "it fell over"),
        Result("echo-50", "lab", {"cpu": (6.0, 9.0, 7.0), "p50": (100.0, 300.0, 200.0), "p99": (400.0,)}),
        Result("echo-50", "floor", {"cpu": (5.0, 6.0, 7.0), "p50": (90.0,), "p99": (390.0,)}),
        Result("idle-0", "lab", {"cpu": (8.0,)}),
        Result("idle-900", "lab", {"cpu": (26.0,)}),
        Result("wakeup-loop", "peer", {"time": (14.0,), "p50": (13.9,), "p99": (30.0,)}),
    )
    return Report(
        made="2030-01-02T03:04:05+00:00",
        seconds=12.5,
        command="./muxlab bench",
        quick=False,
        rounds=3,
        machine=machine(),
        notes=tuple(notes),
        subjects=SUBJECTS,
        scenes=SCENES,
        results=results,
    )


class Interruption(BaseException):
    """As Ctrl-C comes: no error that anybody may swallow."""


@dataclass
class FakeBench:
    """Notes what it is asked for; is interrupted before the step of this number, counted from 0."""

    interrupted_at: int | None = None
    asked: list[Step] = field(default_factory=list)

    def measure(self, step: Step, scene: Scene, subject: Subject) -> dict[str, float]:
        if len(self.asked) == self.interrupted_at:
            raise Interruption
        self.asked.append(step)
        return {"cpu": float(len(self.asked))}
