"""Lab 05 from outside: which thread does what, and what wakes it. From inside it is tested in test_inside.py."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

from muxlab.grading import (
    Client,
    Failed,
    Instrument,
    LabUnderTest,
    ServerUnderTest,
    Trap,
    arguments,
    descriptor_of,
    graded,
)
from muxlab.grading.threads import states
from muxlab.strace.decode import POLLS

WORKERS = 2
MANY = 40
TICK_MS = 20
LOOK_MS = 2
TICKS = 3  # that come through without the thread being held: it never will be


def worker_threads(server: ServerUnderTest) -> list[int]:
    return [thread.tid for thread in server.resting() if thread.waits and thread.tid != server.pid]


@graded(
    title="a worker that is busy is woken once for all clients that come meanwhile",
    points={"05": 3},
    pitfalls=["no-coalescing"],
    needs=[Instrument.GATE, Instrument.FDINFO],
    how=True,
)
def test_one_write_for_many_clients(lab: LabUnderTest) -> None:
    server = lab.start("--threads", str(WORKERS), gate=True)
    workers = worker_threads(server)
    with ExitStack() as held:
        for worker in workers:
            held.enter_context(server.parked(thread=worker))
        before = server.gate.count("write")
        clients = server.clients(MANY)
        server.quiet()
        writes = server.gate.count("write") - before
    with lab.story.step("each of them is served"):
        for client in clients:
            client.pings()
    wanted = f"to hand {MANY} clients to {len(workers)} workers takes at most two wake-ups for each worker"
    server.check(wanted, writes <= 2 * len(workers), f"{writes} writes")


@graded(
    title="a client's descriptor is registered by the thread that waits for it",
    points={"05": 4},
    pitfalls=["foreign-thread-watch"],
    needs=[Instrument.TRACE],
    how=True,
)
def test_watched_by_its_own_thread(lab: LabUnderTest) -> None:
    server = lab.start("--threads", str(WORKERS), trace=True)
    clients = [server.client(name) for name in "ABCD"]
    with lab.story.step("each of them is served"):
        for client in clients:
            client.pings()
    waiting = {descriptor_of(call): call.thread for call in server.calls("wait")}
    for client in clients:
        for call in server.calls("epoll_ctl", fd=server.fd_of(client)):
            epoll = int(arguments(call)[0].partition("<")[0])
            same = call.thread == waiting.get(epoll)
            which = "the thread that accepts" if call.thread == server.pid else "another thread"
            server.check(f"{client.name} is registered by the worker that serves it", same, f"done by {which}", client)


def heard(server: ServerUnderTest, client: Client, lines: int) -> Iterator[None]:
    """Until the client has heard so many more lines; and looks often, because a tick is soon over.

    quiet() is no help: between two ticks the server rests, or never, where a tick takes as long as the time between.
    """
    deadline = time.monotonic() + server.deadlines.wait
    client.connection.take()
    enough = client.inbox.count(b"\n") + lines
    while client.inbox.count(b"\n") < enough:
        yield
        server.check_alive()
        client.connection.wait(LOOK_MS, reading=True)
        client.connection.take()
        if client.ended or time.monotonic() > deadline:
            raise Failed("nothing is broadcast")


def held_in_post(server: ServerUnderTest, client: Client) -> Trap | None:
    """The thread that ticks, before it locks the queue; where it does not lock, before it writes."""
    tickers = (
        thread.tid for _ in heard(server, client, TICKS) for thread in states(server.pid) if thread.call in POLLS
    )
    ticker = next(tickers, None)
    for call in ("lock", "write") if ticker is not None else ():
        trap = server.gate.trap(call, thread=ticker)
        if any(trap.wait(TICK_MS / 1000) for _ in heard(server, client, TICKS)):
            return trap
        trap.release()
    return None


@graded(
    title="SIGTERM in the middle of a broadcast: the thread that posts ends before the loops that it posts to",
    points={"05": 2},
    pitfalls=["post-after-destroy"],
    needs=[Instrument.TRACE, Instrument.GATE, Instrument.FDINFO],
    how=True,
)
def test_ticker_ends_before_the_loops(lab: LabUnderTest) -> None:
    server = lab.start("--threads", str(WORKERS), "--broadcast-every", str(TICK_MS), trace=True, gate=True)
    a = server.client("A")
    with lab.story.step("the thread that ticks is held in the middle of post()"):
        trap = held_in_post(server, a)
    server.signal(signal.SIGTERM)
    if trap is not None:
        server.release(trap)
    server.ends()
    wrong = [call for call in server.calls() if call.errno == "EBADF"]
    server.check("nothing was written to a descriptor that is closed", not wrong, f"not so: {len(wrong):,}×")
