"""Scale and endurance, too long for ./muxlab bench: a crowd of clients, a storm of them, and long coming and going.

./muxlab bench wakeup --quick                    # or anything that has built the benchmark
.venv/bin/python bench/endurance.py crowd        # 18,000 clients that all talk
.venv/bin/python bench/endurance.py storm        # 5,000 connects in one second
.venv/bin/python bench/endurance.py churn --minutes 10
.venv/bin/python bench/endurance.py memory       # user memory of one idle client
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from muxlab.bench.subjects import LABS
from muxlab.errors import MuxlabError
from muxlab.process import Server
from muxlab.project import Project

BIN = Project.here().build_dir("release") / "bin"
OWN_DESCRIPTORS = 100
CHURN_SLICE = 20.0  # seconds of coming and going between two looks at the server
FLAT = 512 * 1024  # bytes that a server may grow by after its first slice: pages that the allocator keeps
LOOK = 0.02  # seconds


def clients(wanted: int) -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return min(wanted, hard - OWN_DESCRIPTORS)


def load(server: Server, *options: str, while_running: Callable[[], None] = lambda: None) -> dict[str, Any]:
    command = [str(BIN / "loadgen"), "--port", str(server.address.port), *options]
    # Files: a pipe that nobody reads yet could fill up.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as complaint:
        process = subprocess.Popen(command, stdout=out, stderr=complaint)
        try:
            while process.poll() is None:
                while_running()
                time.sleep(LOOK)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        out.seek(0)
        complaint.seek(0)
        if process.returncode != 0:
            raise MuxlabError(complaint.read().strip())
        told: dict[str, Any] = json.load(out)
        return told


def memory(pid: int) -> int:
    """Bytes that the process has written to and that no file backs: its heap and its stacks."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise MuxlabError("this kernel does not tell RssAnon")


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def crowd(server: Server, _: argparse.Namespace) -> str:
    many = clients(18_000)
    told = load(server, "--connections", str(many), "--messages", str(3 * many))
    return f"{many:,} clients, {told['messages']:,} messages, none lost; p99 {told['latency']['p99'] / 1000:.0f} ms"


def storm(server: Server, _: argparse.Namespace) -> str:
    many = clients(5_000)
    told = load(server, "--connections", str(many), "--connect-rate", "5000", "--messages", str(many))
    return f"{many:,} connects in {told['connectSeconds']:.2f} s, each served"


def churn(server: Server, options: argparse.Namespace) -> str:
    """Every life is 10 messages long and ends by half-close or by reset, in turn."""
    after: list[tuple[int, int]] = []
    lives = 0
    end = time.monotonic() + options.minutes * 60
    while len(after) < 2 or time.monotonic() < end:
        seconds = min(CHURN_SLICE, max(1.0, end - time.monotonic()))
        told = load(server, "--connections", "100", "--lifetime", "10", "--duration", f"{seconds:.1f}")
        lives += told["clientsThatLeft"]
        await_descriptors(server.pid, after[0][1] if after else None)
        after.append((memory(server.pid), descriptors(server.pid)))
        print(f"    {lives:,} lives: {after[-1][0] / 1024:,.0f} KiB, {after[-1][1]} descriptors", flush=True)
    grown = max(size for size, _ in after) - after[0][0]
    if grown > FLAT or after[-1][1] != after[0][1]:
        raise MuxlabError(f"it grew by {grown:,} bytes, and from {after[0][1]} to {after[-1][1]} descriptors")
    return f"{lives:,} clients came and went; memory grew by {grown / 1024:.0f} KiB, descriptors by none"


def await_descriptors(pid: int, wanted: int | None) -> None:
    """The server hears of the last clients' leaving a moment after they have gone."""
    before = -1
    for _ in range(250):
        now = descriptors(pid)
        if now == wanted or (wanted is None and now == before):
            return
        before = now
        time.sleep(LOOK)


def idle_memory(server: Server, _: argparse.Namespace) -> str:
    many = clients(10_000)
    load(server, "--connections", "1", "--messages", "100")  # what it takes for the first client
    before = peak = memory(server.pid)

    def look() -> None:
        nonlocal peak
        peak = max(peak, memory(server.pid))

    load(server, "--connections", "1", "--idle", str(many), "--duration", "1", while_running=look)
    return f"{(peak - before) / many:.0f} bytes of user memory for each of {many:,} idle clients"


SCENES: dict[str, Callable[[Server, argparse.Namespace], str]] = {
    "crowd": crowd,
    "storm": storm,
    "churn": churn,
    "memory": idle_memory,
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("--labs", default="02,03,04,05", help="which: 02,03 (02,03,04,05)")
    parser.add_argument("--minutes", type=float, default=10, help="of churn, for each lab (10)")
    options = parser.parse_args(arguments)
    if not (BIN / "loadgen").exists():
        sys.exit("the benchmark is not built: cmake --preset release && cmake --build --preset release --target bench")
    failed = False
    for lab in LABS:
        if lab.id[:2] not in options.labs.split(","):
            continue
        try:
            with Server(BIN / lab.id, lab.options) as server:
                print(f"{lab.title}: {SCENES[options.scene](server, options)}", flush=True)
        except MuxlabError as error:
            failed = True
            print(f"{lab.title}: FAILED: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
