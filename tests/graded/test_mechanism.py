"""How a server waits and wakes: each lab is about one mechanism. Read from its system calls, never from its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from muxlab.grading import Instrument, LabUnderTest, graded
from muxlab.strace.decode import EPOLLS, POLLS, SELECTS, Step, Transfer

# --wakeup → how strace names the descriptor that is written to
CHANNELS: Mapping[str, str] = {
    "eventfd": "anon_inode:[eventfd]",
    "eventfd-edge": "anon_inode:[eventfd]",
    "socketpair": "UNIX",
    "pipe": "pipe:",
    "tcp": "TCP",
}
STDERR = 2


def waits_only_in(lab: LabUnderTest, family: frozenset[str], name: str) -> None:
    server = lab.start(trace=True)
    a = server.client("A")
    b = server.client("B")
    a.pings()
    b.pings()
    a.closes()
    b.pings()
    asleep = [thread.call for thread in server.resting()]
    server.check(f"it is asleep in {name}", any(call in family for call in asleep), f"asleep in {', '.join(asleep)}")
    others = sorted({call.name for call in server.calls("wait")} - family)
    server.check(f"it has never waited in another call than {name}", not others, f"waiting in {', '.join(others)}")


@graded(title="it waits in select", points={"01": 6}, needs=[Instrument.TRACE, Instrument.FDINFO], how=True)
def test_waits_in_select(lab: LabUnderTest) -> None:
    waits_only_in(lab, SELECTS, "select")


@graded(title="it waits in poll", points={"02": 6}, needs=[Instrument.TRACE, Instrument.FDINFO], how=True)
def test_waits_in_poll(lab: LabUnderTest) -> None:
    waits_only_in(lab, POLLS, "poll")


@graded(
    title="it waits in epoll_wait",
    points={"03": 4, "04": 4, "05": 4},
    needs=[Instrument.TRACE, Instrument.FDINFO],
    how=True,
)
def test_waits_in_epoll(lab: LabUnderTest) -> None:
    waits_only_in(lab, EPOLLS, "epoll_wait")


@graded(
    title="only the stop event is watched level-triggered: it is never read",
    points={"04": 1},
    needs=[Instrument.FDINFO],
    how=True,
)
def test_stop_event(lab: LabUnderTest) -> None:
    server = lab.start()
    server.client("A").pings()
    files = server.descriptors()
    others = [entry for entry in server.registrations() if entry.fd in files and not files[entry.fd].is_socket]
    server.check("the stop event is watched, and level-triggered", any(not entry.edge for entry in others))
    server.stops()


@graded(
    title="a worker is woken in the way that --wakeup names, and in no other",
    points={"05": 6},
    pitfalls=["eventfd-size", "wake-not-drained"],
    needs=[Instrument.TRACE],
    how=True,
)
def test_wakeup(lab: LabUnderTest) -> None:
    for name, kind in CHANNELS.items():
        server = lab.start("--wakeup", name, trace=True)
        mark = server.mark()
        a = server.client("A")
        server.expects_alive()
        moved = not_for(server.fd_of(a), server.decoded("recv", "send", since=mark))
        written = [step for step in moved if step.outward]
        server.check(f"to wake a worker, {name} is written to", any(step.label.startswith(kind) for step in written))
        others = [step.label for step in written if not step.label.startswith(kind)]
        server.check("nothing else is written to", not others, ", ".join(others))
        refused = [step.call.errno for step in written if step.call.errno]
        server.check("the kernel takes it", not refused, ", ".join(refused))
        if name == "eventfd-edge":
            read = [step for step in moved if not step.outward]
            server.check("it is never read: each write is a new edge", not read, f"not so: read {len(read):,}×")
        a.pings()


def not_for(client: int, steps: Sequence[Step]) -> list[Transfer]:
    """What is read and written beside the client's bytes and the log."""
    moved = [step for step in steps if isinstance(step, Transfer)]
    return [step for step in moved if step.fd > STDERR and step.fd != client and not step.label.startswith("/")]
