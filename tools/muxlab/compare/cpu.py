"""Processor time that a server spends on one message, by the kernel's own books, with nobody watching."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from muxlab.compare.scenario import MESSAGE
from muxlab.errors import MuxlabError
from muxlab.process import Server
from muxlab.scenarios.clients import Client, connected, crowd
from muxlab.scenarios.rest import await_rest

CLIENTS = 8


def cpu_per_message(
    programs: Sequence[Path], idle: int, rounds: int, turns: int, tell: Callable[[str], None]
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Microseconds per message by program, one sample a round; and by program, why there is none.

    All servers are there the whole time, and the rounds go A B C … A B C …: what the machine does beside this hits
    all labs alike.
    """
    samples: dict[str, list[float]] = {program.name: [] for program in programs}
    failures: dict[str, str] = {}
    running: dict[str, tuple[Server, Sequence[Client]]] = {}
    with ExitStack() as stack:
        for program in programs:
            lab = program.name
            tell(f"connecting {idle} idle clients to {lab}")
            try:
                # What goes wrong when it ends is of no interest any more: the samples are there.
                stack.enter_context(suppress(MuxlabError))
                running[lab] = stack.enter_context(_served(program, idle))
            except MuxlabError as error:
                failures[lab] = str(error)
        for number in range(rounds + 1):
            for lab, (server, clients) in list(running.items()):
                tell(f"CPU time of {lab} with {idle} idle clients, round {number} of {rounds}")
                try:
                    spent = _spend(server, clients, turns)
                except MuxlabError as error:
                    failures[lab] = str(error)
                    del running[lab]
                    continue
                if number > 0:  # the first is for warming up
                    samples[lab].append(spent)
    return samples, failures


@contextmanager
def _served(program: Path, idle: int) -> Iterator[tuple[Server, Sequence[Client]]]:
    with (
        Server(program, ["--log", "error"]) as server,
        crowd(server, idle),
        connected(server, CLIENTS) as clients,
    ):
        yield server, clients


def _spend(server: Server, clients: Sequence[Client], turns: int) -> float:
    await_rest(server)
    before = cpu_ns(server.pid)
    for _ in range(turns):
        for client in clients:
            client.echo(MESSAGE)
    await_rest(server)
    return (cpu_ns(server.pid) - before) / (turns * len(clients)) / 1000


def cpu_ns(pid: int) -> int:
    """Nanoseconds on a processor, all threads together; in ticks of 10 ms where the kernel has no schedstat.

    A thread's figure is brought up to date when it goes to sleep: ask when all are asleep.
    """
    threads = list(Path(f"/proc/{pid}/task").iterdir())
    try:
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)
    except FileNotFoundError:
        tick = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        fields = [(thread / "stat").read_text().rpartition(")")[2].split() for thread in threads]
        return sum(int(one[11]) + int(one[12]) for one in fields) * tick
