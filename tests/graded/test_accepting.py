"""Listening and accepting: clients that come, come all at once, or are gone before they are let in."""

from __future__ import annotations

import signal
from collections import Counter

from muxlab.grading import Instrument, LabUnderTest, arguments, graded
from muxlab.grading.threads import states
from thief import takes_waiting_client
from turns import one_loop, steps

BURST = 5  # clients at the same moment, whom even a short backlog holds
CROWD = 100  # clients that a server should be able to keep waiting while it is busy
STORM = 500  # accepts in a row after which a client has waited too long for its turn
THREADS = 8


@graded(
    title="the first line says where it listens, at once, to a pipe and to a terminal",
    points={"01": 1, "02": 1, "03": 1, "04": 1, "05": 1},
    pitfalls=["banner-unflushed"],
)
def test_first_line(lab: LabUnderTest) -> None:
    lab.start().client("A").pings()
    lab.start(stdout="pty").client("B").pings()


@graded(
    title="it can be started again at once on the same port",
    points={"01": 2, "02": 1, "03": 1, "04": 1, "05": 1},
    pitfalls=["no-reuseaddr"],
)
def test_restart(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    a.pings()
    server.signal(signal.SIGKILL)  # it is the server that hangs up, so the connection stays in TIME_WAIT on its side
    a.closes()
    lab.start("--port", str(server.address.port)).client("B").pings()


@graded(
    title="a client that is gone again before accept holds nobody up",
    points={"01": 2, "02": 1, "03": 1, "04": 2, "05": 2},
    pitfalls=["blocking-listener"],
    needs=[Instrument.GATE, Instrument.FDINFO],
)
def test_gone_before_accept(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    a.pings()
    with server.trap("accept") as trap:
        server.client("B")
        server.expects_caught(trap)
        takes_waiting_client(server)
    a.pings()
    server.client("C").pings()
    server.stops()  # a thread that waits in accept would not hear of it


@graded(
    title="a connection that was aborted before accept is not the end of the server",
    points={"01": 2, "02": 1, "03": 1, "04": 1, "05": 1},
    pitfalls=["econnaborted-fatal"],
    needs=[Instrument.TRACE],
)
def test_aborted_before_accept(lab: LabUnderTest) -> None:
    server = lab.start(inject=["accept,accept4:error=ECONNABORTED:when=1"])
    # The call fails once, and the client that waits is still there for the next.
    a = server.client("A")
    server.client("B").pings()
    a.pings()


@graded(
    title="the listening socket and every client's socket are non-blocking",
    points={"01": 1, "02": 1, "03": 1, "04": 2, "05": 1},
    pitfalls=["blocking-listener", "nonblock-not-set", "et-blocking-fd"],
    needs=[Instrument.FDINFO],
    how=True,  # a thread for each client may block
)
def test_nonblocking_sockets(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    server.check("the listening socket is O_NONBLOCK", server.listener().nonblocking, "blocking")
    server.check("the socket of A is O_NONBLOCK", server.descriptor_of(a).nonblocking, "blocking", a)


@graded(
    title="clients that connect at the same moment are all served",
    points={"01": 1, "02": 1, "03": 1, "04": 4, "05": 1},
    pitfalls=["accept-once-per-edge"],
    needs=[Instrument.GATE],
)
def test_connect_together(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    with server.parked():
        clients = server.clients(BURST)
    for client in clients:
        client.pings()


@graded(
    title="a storm of connects does not starve the client that is there",
    points={"01": 2, "02": 2, "03": 2, "04": 2, "05": 1},
    pitfalls=["accept-starvation"],
    needs=[Instrument.GATE],
)
def test_storm_of_connects(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    a.pings()
    with server.trap("accept") as trap:
        server.client("c0")
        server.expects_caught(trap)
        server.quiet()  # all that was sent to A has been counted
        sent, last = server.gate.sent, server.gate.accepted + STORM
        a.sends(b"x")
        with server.story.step("for every client that is accepted, another one connects"):
            while server.gate.sent == sent and server.gate.accepted < last:
                server.client("c")
                if not steps(server, trap):
                    break
                if len(states(server.pid)) > 1:
                    server.quiet()  # it may be another thread that serves A: it has had its time
        server.check(f"A is served before {STORM} more are accepted", server.gate.accepted < last, "still waiting")
    a.expects_echo()


@graded(
    title="a client that the interest list has no room for costs nobody else anything",
    points={"03": 2, "04": 2, "05": 2},
    pitfalls=["add-failure-fatal"],
    needs=[Instrument.TRACE],
)
def test_interest_list_full(lab: LabUnderTest) -> None:
    options = one_loop(lab)
    setup = Counter(call.thread for call in lab.start(*options, trace=True).calls("epoll_ctl"))
    most = max(setup.values(), default=0)
    # The call fails that comes after those of any set-up: where clients are served, the ADD of one of them.
    server = lab.start(*options, inject=[f"epoll_ctl:error=ENOSPC:when={most + 1}"])
    with server.story.step(f"{most + 2} clients connect, one after the other"):
        for number in range(1, most + 3):
            server.client(f"c{number}").tries_to_send(b"x")
            server.quiet()
    server.client("A").pings()


@graded(
    title=f"{CROWD} clients can wait while the server is busy",
    points={"01": 1, "02": 1, "03": 1, "04": 1, "05": 1},
    pitfalls=["tiny-backlog"],
    needs=[Instrument.TRACE],
    how=True,  # the contract promises no backlog: a short one makes clients slow, not wrong
)
def test_backlog(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    for call in server.calls("listen"):
        backlog = int(arguments(call)[1])
        server.check(f"listen lets at least {CROWD} clients wait", backlog >= CROWD, f"a backlog of {backlog}")


@graded(
    title="one client that connects wakes one thread, not all of them",
    points={"05": 2},
    pitfalls=["exclusive-herd"],
    needs=[Instrument.GATE],
)
def test_herd(lab: LabUnderTest) -> None:
    server = lab.start("--threads", str(THREADS), gate=True)
    with server.trap("accept") as trap:
        a = server.client("A")
        server.expects_caught(trap)
        server.quiet()  # whoever was woken has come to accept by now
        woken = len(trap.held)
        server.check("not more than two threads want to accept the one client", woken <= 2, f"{woken}")
    a.pings()


@graded(
    title="clients over --max-clients are hung up on, and a place that is free again is given away",
    points={"01": 1, "02": 1, "03": 1, "04": 1, "05": 1},
)
def test_max_clients(lab: LabUnderTest) -> None:
    server = lab.start("--max-clients", "2")
    a = server.client("A")
    a.pings()
    b = server.client("B")
    b.pings()
    server.client("C").expects_hung_up()
    a.closes()
    server.quiet()
    server.client("D").pings()
    b.pings()
