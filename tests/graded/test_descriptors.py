"""The life of a descriptor: registered as the lab wants it, closed once, forgotten everywhere, given to nobody else."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from crowd import crowd
from muxlab.grading import (
    Client,
    Instrument,
    LabUnderTest,
    ServerUnderTest,
    arguments,
    descriptor_of,
    graded,
    timeout_of,
)
from slow import overfill, slow_client

ALL = ("01", "02", "03", "04", "05")
EPOLL = ("03", "04", "05")
ANY_EPOLL_WAIT = "?epoll_wait,epoll_pwait,?epoll_pwait2"  # '?': not every machine has it

CROWD = 300  # more than most programs have room for in one call


def come_and_go(server: ServerUnderTest, clients: list[Client]) -> None:
    """Each is served and leaves: by an orderly close, by a reset, or by a half-close first."""
    with server.story.step(f"{len(clients)} clients come, are served and go: closing, resetting or half-closing"):
        for place, client in enumerate(clients):
            client.connects()
            client.pings()
            if place % 3 == 0:
                client.closes()
            elif place % 3 == 1:
                client.resets()
            else:
                client.half_closes()
                client.expects_end()
        server.quiet()


def newcomers(server: ServerUnderTest, count: int, first: int = 1) -> list[Client]:
    return [server.client(f"c{number}", connect=False) for number in range(first, first + count)]


@graded(
    title="closing a client takes it off epoll's interest list",
    points={"03": 2, "04": 2, "05": 2},
    pitfalls=["dup-keeps-registration"],
    needs=[Instrument.GATE, Instrument.FDINFO],
    how=True,
)
def test_closed_means_forgotten(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = slow_client(server)
    overfill(lab, server, a)
    a.reads_all()
    fd = server.fd_of(a)
    with server.trap("close", after=True, fd=fd) as trap:
        a.closes()
        server.expects_caught(trap)
        left = [entry for entry in server.orphans() if entry.fd == fd]
        server.check(f"epoll has forgotten A's connection, now that fd {fd} is closed", not left, "still watched")


@graded(
    title="the kernel never has to say no to an epoll_ctl",
    points={"03": 2, "04": 2, "05": 2},
    pitfalls=["ctl-misuse"],
    needs=[Instrument.TRACE],
    how=True,
)
def test_epoll_ctl_never_fails(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    come_and_go(server, newcomers(server, 6))
    slow = slow_client(server, "S")
    slow.sends(lab.bytes(256 * 1024))
    slow.reads_all()
    come_and_go(server, newcomers(server, 6, first=7))
    failed = [call for call in server.calls("epoll_ctl") if call.errno]
    first = [f"{call.errno} for {arguments(call)[1]} of fd {descriptor_of(call)}" for call in failed[:1]]
    server.check("the kernel's answer to each epoll_ctl is 0", not failed, "".join(first))


@graded(
    title="an interrupted wait brings no events: the server just waits again",
    points={"03": 4, "04": 2, "05": 2},
    pitfalls=["wait-error-as-count"],
    needs=[Instrument.TRACE],
)
def test_no_news_when_interrupted(lab: LabUnderTest) -> None:
    server = lab.start(inject=[f"{ANY_EPOLL_WAIT}:error=EINTR:when=3+2"])
    a = server.client("A")
    a.pings()
    b = server.client("B")
    b.pings()
    a.pings()
    server.check("after an interrupted wait, it waits again before it reads or accepts", *read_without_news(server))


def read_without_news(server: ServerUnderTest) -> tuple[bool, str]:
    """(True, "") or what a thread did right after a wait that was to last until there is news, and was interrupted."""
    calls = server.calls("wait", "accept", "recv")
    for thread in {call.thread for call in calls}:
        for wait, following in pairwise(call for call in calls if call.thread == thread):
            if wait.injected and timeout_of(wait) != 0 and any("<TCP" in part for part in arguments(following)):
                return False, f"{following.name}({', '.join(arguments(following)[:2])}, …)"
    return True, ""


@graded(
    title="300 clients that are ready at the same time all get their turn",
    points={"03": 2, "04": 4, "05": 2},
    pitfalls=["small-batch-assumed"],
    needs=[Instrument.GATE],
)
def test_many_ready_at_once(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    clients = crowd(server, CROWD)
    with server.parked(), server.story.step("each of them sends a byte"):
        for client in clients:
            client.sends(b"x")
    server.quiet()
    served = [client for client in clients if client.connection.take()]
    server.check(f"{CROWD} of them get it back", len(served) == CROWD, len(served))


@graded(
    title="a client is watched level-triggered",
    points={"03": 4},
    pitfalls=["wrong-trigger"],
    needs=[Instrument.FDINFO],
    how=True,
)
def test_level_triggered(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    watched = server.registrations_of(a)
    server.check("A's descriptor is watched by epoll", bool(watched))
    server.check("it is watched level-triggered", not any(entry.edge for entry in watched), "watched with EPOLLET")


@graded(
    title="the listener and every client are watched edge-triggered",
    points={"04": 4},
    pitfalls=["wrong-trigger"],
    needs=[Instrument.FDINFO],
    how=True,
)
def test_edge_triggered(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    for whose, fd in (("A's descriptor", server.fd_of(a)), ("the listener", server.listener().number)):
        watched = server.registrations(fd)
        server.check(f"{whose} is watched by epoll", bool(watched))
        server.check(f"{whose} is watched with EPOLLET", all(entry.edge for entry in watched), "level-triggered")


@graded(
    title="a client is registered once, and its registration never changes",
    points={"04": 2},
    pitfalls=["ctl-misuse"],
    needs=[Instrument.TRACE],
    how=True,
)
def test_registered_once(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    slow = slow_client(server, "S")
    slow.sends(lab.bytes(256 * 1024))
    slow.reads_all()
    used = [arguments(call)[1] for call in server.calls("epoll_ctl", fd=server.fd_of(slow))]
    often = ", ".join(f"{times} times {operation}" for operation, times in Counter(used).items()) or "never called"
    server.check("epoll_ctl was called once about S, to add it", used == ["EPOLL_CTL_ADD"], often)


@graded(
    title="a second request on the same connection is answered, and a third",
    points={"03": 1, "04": 4, "05": 1},
    pitfalls=["oneshot-not-rearmed"],
)
def test_second_request(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    for request in (b"first", b"second", b"third"):
        server.quiet()
        a.sends(request)
        a.expects_echo()


@graded(
    title="clients that get the numbers of those that have just left are served",
    points=dict.fromkeys(ALL, 2),
    pitfalls=["stale-event-reused-fd"],
    needs=[Instrument.GATE],
)
def test_reused_numbers(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    old = server.clients(4, "old")
    for client in old:
        client.pings()
    with server.parked():
        for client in old:
            client.sends(b"bye")
            client.resets()
        new = server.clients(4, "new")
    for client in new:
        client.pings()


@graded(
    title="200 clients later, no more descriptors are open than before",
    points=dict.fromkeys(ALL, 4),
    pitfalls=["fd-leak"],
    needs=[Instrument.FDINFO],
)
def test_no_descriptor_is_lost(lab: LabUnderTest) -> None:
    server = lab.start()
    come_and_go(server, newcomers(server, 6))
    before = len(server.descriptors())
    come_and_go(server, newcomers(server, 200))
    more = len(server.descriptors()) - before
    server.check("server has as many open descriptors as before they came", more <= 0, f"{more} more")


@graded(
    title="no descriptor is closed twice",
    points=dict.fromkeys(ALL, 2),
    pitfalls=["double-close"],
    needs=[Instrument.TRACE],
    how=True,
)
def test_closed_once(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    mark = server.mark()
    come_and_go(server, newcomers(server, 12))
    again = [descriptor_of(call) for call in server.calls("close", since=mark) if call.errno == "EBADF"]
    server.check("every close finds its descriptor open", not again, f"EBADF for fd {again[0] if again else ''}")


@graded(
    title="a program that the server might start inherits none of its descriptors",
    points=dict.fromkeys(ALL, 2),
    pitfalls=["no-cloexec"],
    needs=[Instrument.FDINFO],
    how=True,
)
def test_close_on_exec(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    a.pings()
    others = [descriptor for number, descriptor in server.descriptors().items() if number > 2]
    inherited = [f"fd {descriptor.number} ({descriptor.target})" for descriptor in others if not descriptor.cloexec]
    actual = f"not so for {', '.join(inherited)}"
    server.check("all but stdin, stdout and stderr is closed on exec", not inherited, actual)
