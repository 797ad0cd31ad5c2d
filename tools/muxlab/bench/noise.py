"""Is this machine quiet enough to measure on? Looks at what others do, what the hypervisor takes, and its speed."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BUSY = 0.10  # of one processor, by others, before we begin
STOLEN = 0.01
SLOWER = 1.15  # a look at the processor's speed, over the fastest tenth
CLIENT_BOUND = 0.95  # the client's own share of a processor
LOOK = 1.0  # seconds
SPIN = 200_000  # turns of a loop that takes a few milliseconds


@dataclass(frozen=True)
class Ticks:
    """Of all processors together since the start of the machine."""

    programs: int  # in programs and their system calls, without interrupts, whose time is nobody's
    busy: int
    stolen: int


@dataclass(frozen=True)
class Process:
    pid: int
    name: str
    ticks: int


def parse_stat(text: str) -> Ticks:
    """The first line of /proc/stat: user nice system idle iowait irq softirq steal …"""
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(word) for word in text.split()[1:9])
    programs = user + nice + system
    return Ticks(programs, programs + irq + softirq, steal)


def stolen(before: Ticks, after: Ticks) -> float:
    """The share of time that the hypervisor gave to others while we had work."""
    wanted = after.busy - before.busy + after.stolen - before.stolen
    return (after.stolen - before.stolen) / wanted if wanted > 0 else 0.0


def ticks() -> Ticks:
    return parse_stat(Path("/proc/stat").read_text().partition("\n")[0])


def own_seconds() -> float:
    """Processor time of this process, and of all it has started and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def processes() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                before, _, after = (entry / "stat").read_text(errors="replace").rpartition(")")
            except OSError:
                continue  # ended in the meantime
            fields = after.split()
            yield Process(int(entry.name), before.partition("(")[2], int(fields[11]) + int(fields[12]))


def competitors(before: Mapping[int, int], after: list[Process], hertz: float, seconds: float) -> list[str]:
    """Who else computes: 'cc1plus 98 %', the busiest first."""
    shares = [(one.name, (one.ticks - before.get(one.pid, one.ticks)) / hertz / seconds) for one in after]
    busy = sorted((pair for pair in shares if pair[1] >= BUSY / 2), key=lambda pair: -pair[1])
    return [f"{name} {share:.0%}" for name, share in busy[:3]]


def look() -> list[str]:
    """For a second we do nothing, and see who does something. Notes for the report; none if it is quiet."""
    notes = []
    before, then = {one.pid: one.ticks for one in processes()}, ticks()
    time.sleep(LOOK)
    now, hertz = ticks(), os.sysconf("SC_CLK_TCK")
    others = (now.busy - then.busy) / hertz / LOOK
    if others > BUSY:
        who = [name for name in competitors(before, list(processes()), hertz, LOOK) if name]
        notes.append(
            f"other programs kept {others:.0%} of a processor busy before we began"
            + (f" ({', '.join(who)})" if who else "")
        )
    return notes


def speed() -> float:
    """Nanoseconds of processor time for a fixed piece of work: grows when the processor is throttled."""
    begun = time.thread_time_ns()
    total = 0
    for number in range(SPIN):
        total += number
    return float(time.thread_time_ns() - begun)


class Watch:
    """Of the machine while we measure: made before, looked through after each figure, asked at the end."""

    def __init__(self) -> None:
        self._begun, self._ticks, self._own, self._speeds = time.monotonic(), ticks(), own_seconds(), [speed()]

    def look(self) -> None:
        self._speeds.append(speed())

    def notes(self) -> list[str]:
        now, seconds = ticks(), time.monotonic() - self._begun
        programs = (now.programs - self._ticks.programs) / os.sysconf("SC_CLK_TCK")
        others = max(0.0, programs - (own_seconds() - self._own)) / seconds
        return judge(self._speeds, stolen(self._ticks, now), others, len(os.sched_getaffinity(0)))


def judge(speeds: list[float], stolen_share: float, others: float, cpus: int) -> list[str]:
    """Notes on what happened. `speeds` come from speed(); `others` is what other programs took of a processor."""
    notes = []
    if others > BUSY:
        notes.append(f"other programs kept {others:.0%} of a processor busy while we measured")
    if stolen_share > STOLEN:
        notes.append(f"the hypervisor took {stolen_share:.0%} of the time we wanted (steal)")
    usual = sorted(speeds)[len(speeds) // 10]  # undisturbed; faster still is luck, and no measure for the others
    slow = [one / usual - 1 for one in speeds if one > SLOWER * usual]
    if slow:
        notes.append(
            f"the processor was slower by more than {SLOWER - 1:.0%} in {len(slow)} of {len(speeds)} looks, up to "
            f"{max(slow):.0%}: throttled, or shared with others"
        )
    if cpus < 2:
        notes.append("there is one processor: server and client take turns on it")
    return notes
