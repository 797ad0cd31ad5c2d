"""One step of the plan: starts a server, sets the load generator on it, and reads what came out."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from muxlab.bench.model import Part, Scene, Step, Subject
from muxlab.bench.plan import CALLS, POSTS, Effort
from muxlab.children import run_lines
from muxlab.errors import MuxlabError
from muxlab.process import Server

WARM_UP = 100  # messages, and two more of each client
LEAST = 0.005  # calls per message: below that a call belongs to starting, or to chance
DEPARTURE = 5.0  # seconds for a server under an instrument to see that its clients have gone
PATIENCE = 20.0  # seconds without a reply
CALLGRIND = ("valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=FILE")
STRACE = ("strace", "-f", "-c", "-U", "calls,name", "-o", "FILE")
Reader = Callable[[str], Mapping[str, float]]


@dataclass(frozen=True)
class Bench:
    """Where the programs are, and where they run."""

    bin: Path
    effort: Effort
    server_cpu: int | None
    client_cpu: int | None

    def measure(self, step: Step, scene: Scene, subject: Subject) -> dict[str, float]:
        """The figures by name. Throws MuxlabError if the program failed."""
        if scene.part is Part.WAKEUP:
            return self._wake(scene, subject)
        if scene.part is Part.COUNT:
            return self._count(scene, subject)
        return self._drive(scene, subject)

    def _drive(self, scene: Scene, subject: Subject) -> dict[str, float]:
        options = ["--duration", str(self.effort.seconds), "--warm-up", str(WARM_UP + 2 * scene.connections)]
        with self._server(subject, _pinned(self.server_cpu)) as server:
            told = self._load(scene, server, [*options, "--server-pid", str(server.pid)])
        if told["idleLost"]:
            raise MuxlabError(f"{subject.title} hung up on {told['idleLost']} idle clients")
        return {
            "cpu": told["serverCpuPerMessage"],
            "rate": told["messagesPerSecond"],
            "p50": told["latency"]["p50"],
            "p99": told["latency"]["p99"],
            "client": told["clientCpuShare"],
        }

    def _count(self, scene: Scene, subject: Subject) -> dict[str, float]:
        """What two runs of different length differ in: starting and connecting cost the same in both."""
        found: dict[str, float] = {}
        with TemporaryDirectory(prefix="muxlab-") as folder:
            if shutil.which("valgrind"):
                found |= self._slope(scene, subject, CALLGRIND, Path(folder), read_callgrind)
            if shutil.which("strace"):
                found |= self._slope(scene, subject, STRACE, Path(folder), read_strace)
        if not found:
            raise MuxlabError("neither valgrind nor strace counted anything; see ./muxlab doctor")
        return found

    def _slope(
        self, scene: Scene, subject: Subject, prefix: Sequence[str], folder: Path, read: Reader
    ) -> dict[str, float]:
        counts = []
        for messages in self.effort.counted:
            file = folder / f"{prefix[0]}-{messages}"
            command = [word.replace("FILE", str(file)) for word in prefix]
            try:
                with self._server(subject, command) as server:
                    alone = _descriptors(server.pid)
                    self._load(scene, server, ["--messages", str(messages)])
                    _await_departure(server.pid, alone)
                counts.append(read(file.read_text()))
            except (MuxlabError, OSError, ValueError):
                return {}  # valgrind, for one, does not know all that io_uring can do
        return per_message(counts[0], counts[1], self.effort.counted)

    def _wake(self, scene: Scene, subject: Subject) -> dict[str, float]:
        if scene.id == CALLS:
            return self._count_posts(subject)
        kind = scene.id.removeprefix("wakeup-")
        output = self._run(
            [
                str(self.bin / "wakeup"),
                f"--benchmark_filter=^{kind}/{subject.id}/",
                f"--benchmark_min_time={self.effort.wake_seconds}",
                "--benchmark_format=json",
            ]
        )
        return read_benchmark(output)

    def _count_posts(self, subject: Subject) -> dict[str, float]:
        counts = []
        with TemporaryDirectory(prefix="muxlab-") as folder:
            for posts in POSTS:
                file = Path(folder) / str(posts)
                prefix = [word.replace("FILE", str(file)) for word in STRACE]
                self._run([*prefix, str(self.bin / "wakeup"), "posts", subject.id, str(posts)])
                counts.append(read_strace(file.read_text()))
        return per_message(counts[0], counts[1], POSTS)

    def wakeup_names(self) -> list[str]:
        """Empty if the program was not built."""
        program = self.bin / "wakeup"
        return self._run([str(program), "--benchmark_list_tests"]).split() if program.exists() else []

    def version(self, subject: Subject) -> str:
        if subject.kind == "lab":
            return ""
        return self._run([str(self.bin / subject.id), "--version"]).strip()

    def _server(self, subject: Subject, prefix: Sequence[str]) -> Server:
        return Server(self.bin / subject.id, subject.options, prefix=prefix)

    def _load(self, scene: Scene, server: Server, options: Sequence[str]) -> dict[str, Any]:
        sizes = {"connections": scene.connections, "size": scene.size, "depth": scene.depth, "idle": scene.idle}
        words = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
        where = ["--host", server.address.host, "--port", str(server.address.port), "--patience", str(PATIENCE)]
        program = str(self.bin / "loadgen")
        told: dict[str, Any] = json.loads(self._run([*_pinned(self.client_cpu), program, *where, *words, *options]))
        return told

    def _run(self, command: Sequence[str]) -> str:
        code, output = run_lines(command, cwd=self.bin)
        if code != 0:
            last = output.strip().splitlines()[-1:] or ["it did not say why"]
            raise MuxlabError(f"{Path(command[0]).name} failed: {last[0]}")
        return output


def _descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def _await_departure(pid: int, alone: int) -> None:
    """Every run has to end in the same state, or the last clients' leaving would be counted in some runs only."""
    deadline = time.monotonic() + DEPARTURE
    while _descriptors(pid) > alone and time.monotonic() < deadline:
        time.sleep(0.005)


def _pinned(cpu: int | None) -> list[str]:
    return [] if cpu is None else ["taskset", "--cpu-list", str(cpu)]


def read_callgrind(text: str) -> dict[str, float]:
    """User instructions of all threads together, from the file that callgrind writes."""
    found = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    if found is None:
        raise ValueError("callgrind wrote no total")
    return {"instructions": float(found[1])}


def read_strace(text: str) -> dict[str, float]:
    """Calls by name, and all of them as 'calls', from the table of `strace -c -U calls,name`."""
    counts = {name: float(number) for number, name in re.findall(r"^ *(\d+) (\w+)$", text, re.MULTILINE)}
    if "total" not in counts:
        raise ValueError("strace wrote no total")
    total = counts.pop("total")
    return {"calls": total, **{f"call.{name}": number for name, number in counts.items()}}


def per_message(short: Mapping[str, float], long: Mapping[str, float], messages: tuple[int, int]) -> dict[str, float]:
    """The slope. What is left of calls that only belong to starting and ending is dropped."""
    more = messages[1] - messages[0]
    found = {name: (long[name] - short.get(name, 0.0)) / more for name in long}
    return {name: value for name, value in found.items() if not name.startswith("call.") or value > LEAST}


def read_benchmark(text: str) -> dict[str, float]:
    """Time in microseconds, and the counters, of the one benchmark in Google Benchmark's JSON."""
    begun = text.find("{")  # behind what it says about the machine
    data = json.loads(text[begun:])["benchmarks"] if begun != -1 else []
    if len(data) != 1:
        raise MuxlabError(f"{len(data)} benchmarks ran where one was asked for")
    one = data[0]
    factor = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}[one["time_unit"]]
    found = {"time": one["real_time"] * factor}
    names = {"items_per_second": "rate"}
    counters = ("items_per_second", "p50", "p99", "writes", "descriptors", "ports", "kernelBytes")
    return found | {names.get(name, name): float(one[name]) for name in counters if name in one}
