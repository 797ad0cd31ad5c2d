"""What poll tells: several entries at once, several bits in one, bits that nobody asked for; and what it is handed."""

from __future__ import annotations

from collections.abc import Sequence

from muxlab.grading import Client, Descriptor, Instrument, LabUnderTest, ServerUnderTest, Trap, graded
from muxlab.strace.decode import Wait
from slow import overfill, slow_client

ALL = ("01", "02", "03", "04", "05")
ROUNDS, BURST = 15, 4  # 60 clients: an array that grows by doubling does so several times; few enough for any backlog


def are_served(server: ServerUnderTest, clients: Sequence[Client]) -> None:
    with server.story.step("each sends a byte and gets it back"):
        for client in clients:
            client.pings()


def goes_around_once(server: ServerUnderTest, trap: Trap) -> None:
    with server.story.step("server goes around its loop once, and is held before its next wait call"):
        server.quiet()  # what the clients have sent has arrived
        trap.step()
        server.quiet()


def socket_of(server: ServerUnderTest, client: Client) -> Descriptor | None:
    """None if another process has it: a server may serve each client in a child of its own."""
    return server.descriptors().get(server.fd_of(client))


def is_rid_of(server: ServerUnderTest, client: Client, connection: Descriptor | None) -> None:
    server.expects_alive()
    if connection is not None:
        left = any(file.inode == connection.inode for file in server.descriptors().values())
        server.check(f"{client.name}'s descriptor, {connection.number}, is closed", not left, "still open", client)


@graded(
    title="when clients leave and others talk at the same time, nobody is passed over",
    points={"01": 1, "02": 4},
    pitfalls=["compaction-skips-entry"],
    needs=[Instrument.GATE],
    how=True,
)
def test_nobody_is_passed_over(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a, b, c, d, e = clients = [server.client(name) for name in "ABCDE"]
    are_served(server, clients)
    trap = server.park()
    for client in (a, c):
        client.closes()
    for client in (b, d, e):
        client.sends(lab.bytes(100))
    goes_around_once(server, trap)
    for client in (b, d, e):
        client.expects_echo()


@graded(
    title="a client that is readable and writable is one of the ready, not two",
    points={"01": 2, "02": 3},
    pitfalls=["ready-count-misread"],
    needs=[Instrument.GATE],
    how=True,
)
def test_two_bits_one_client(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a, b, c = clients = [server.client(name) for name in "ABC"]
    are_served(server, clients)
    trap = server.park()
    with lab.story.step("from now on, each send takes at most 10 bytes"):
        server.gate.clamp(send=10)
    b.sends(lab.bytes(100))
    goes_around_once(server, trap)
    # Now B is waited for in both directions: 90 bytes of its reply are left, and it may send more.
    for client in (a, b, c):
        client.sends(lab.bytes(5))
    goes_around_once(server, trap)
    for client in (a, c):
        client.expects_echo()
    server.gate.unclamp()
    server.release(trap)
    b.expects_echo()


@graded(
    title="many may connect while others talk",
    points={"02": 2},
    pitfalls=["mutate-while-iterating"],
    needs=[Instrument.GATE],
)
def test_connect_while_others_talk(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    b = server.client("B")
    are_served(server, [a, b])
    crowd: list[Client] = []
    for number in range(1, ROUNDS + 1):
        with server.parked():
            a.sends(lab.bytes(100))
            crowd += server.clients(BURST, f"r{number}c")
            b.sends(lab.bytes(100))
        a.expects_echo()
        b.expects_echo()
    are_served(server, crowd)


@graded(
    title="nobody is read from before a wait has said that there is something",
    points={"01": 1, "02": 2},
    pitfalls=["fresh-revents"],
    needs=[Instrument.TRACE],
    how=True,
)
def test_nobody_is_read_unasked(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    a = server.client("A")
    fd = server.fd_of(a)
    early = server.calls("recv", fd=fd)
    server.check(f"A is silent, and nothing is read from its descriptor, {fd}", not early, "read from", a)
    a.pings()


@graded(
    title="a client that resets its connection is closed, and is the end of the matter",
    points={"01": 2, "02": 4, "03": 4, "04": 4, "05": 2},
    pitfalls=["revents-equality", "hup-err-ignored"],
    needs=[Instrument.GATE, Instrument.FDINFO],
)
def test_a_client_resets(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    b = server.client("B")
    a.pings()
    connection = socket_of(server, a)
    a.resets()
    is_rid_of(server, a, connection)
    b.pings()


@graded(
    title="a client that resets while its reply is waiting is closed, and is the end of the matter",
    points={"01": 1, "02": 2, "03": 2, "04": 2, "05": 1},
    pitfalls=["revents-equality", "hup-err-ignored"],
    needs=[Instrument.GATE, Instrument.FDINFO],
)
def test_a_slow_client_resets(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = slow_client(server)
    b = server.client("B")
    overfill(lab, server, a)
    connection = socket_of(server, a)
    a.resets()
    is_rid_of(server, a, connection)
    b.pings()


@graded(
    title="a client that speaks and hangs up in the same moment gets its answer",
    points={"01": 2, "02": 4, "03": 4, "04": 4, "05": 2},
    pitfalls=["hup-before-in"],
    needs=[Instrument.GATE],
)
def test_last_words(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    with server.parked():
        a.sends(lab.bytes(10_000))
        a.half_closes()
    a.expects_echo()
    a.expects_end()


@graded(
    title="the server's own stdin is not a client",
    points={"02": 3},
    pitfalls=["slot-zero"],
    needs=[Instrument.GATE],
)
def test_stdin(lab: LabUnderTest) -> None:
    server = lab.start(gate=True, stdin="readable")
    a = server.client("A")
    b = server.client("B")
    a.pings()
    a.closes()
    server.expects_alive()
    b.pings()
    server.client("C").pings()
    server.expects_alive()


@graded(
    title="poll is handed the entries that are in use, and no others",
    points={"02": 2},
    pitfalls=["capacity-as-nfds"],
    needs=[Instrument.TRACE],
    how=True,
)
def test_entries_in_use(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    clients = [server.client(name) for name in "ABC"]
    clients[-1].pings()
    waits = [step for step in server.decoded("wait") if isinstance(step, Wait)]
    server.check("it waits in poll", bool(waits), "waiting in other calls only")
    last = waits[-1]
    used = {events.fd for events in last.interest if events.fd >= 0}
    server.check("nfds is the number of descriptors that are waited for", last.size == len(used), f"{last.size:,}")
