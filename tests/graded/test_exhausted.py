"""Accepting when there is nothing left to accept with: descriptors, or the kernel's memory."""

from __future__ import annotations

from muxlab.grading import Client, Instrument, LabUnderTest, ServerUnderTest, graded

FILES = 24  # the limit of open files: room for a few clients beside what a server needs for itself
LATE = 3  # clients that come when there is no descriptor left


def fill(server: ServerUnderTest) -> tuple[list[Client], list[Client]]:
    """Clients come until one is not served, then a few more: those who were served, those who came too late.

    Nobody is late where each client has a process of its own, with a limit of its own.
    """
    served: list[Client] = []
    with server.story.step("clients come, one by one, until there is no descriptor left for them"):
        while len(served) < FILES:
            client = server.client(f"c{len(served) + 1}")
            client.tries_to_send(b"x")
            server.quiet()
            client.connection.take()
            if not client.inbox:
                break
            client.expects_echo()
            served.append(client)
        else:
            return served, []
    return served, [client, *(server.client(f"late{number}") for number in range(1, LATE + 1))]


@graded(
    title="out of descriptors, it serves those it has and does not spin",
    points={"01": 3, "02": 3, "03": 3, "04": 3, "05": 3},
    pitfalls=["emfile-spin"],
    needs=[Instrument.GATE, Instrument.LIMITS, Instrument.FDINFO],
)
def test_out_of_descriptors(lab: LabUnderTest) -> None:
    server = lab.start(gate=True, nofile=FILES)
    served, _ = fill(server)
    with server.story.step("nothing more happens"):
        server.quiet()
    with server.story.step("those who came in time are still served"):
        for client in served:
            client.pings()


@graded(
    title="who had to wait for a descriptor is served or hung up on when one is free",
    points={"01": 1, "02": 1, "03": 1, "04": 4, "05": 1},
    pitfalls=["emfile-edge-lost"],
    needs=[Instrument.GATE, Instrument.LIMITS, Instrument.FDINFO],
)
def test_waiting_for_a_descriptor(lab: LabUnderTest) -> None:
    server = lab.start(gate=True, nofile=FILES)
    served, late = fill(server)
    with server.story.step("those who came in time leave"):
        for client in served:
            client.closes()
        server.quiet()
    with server.story.step("each of the others is served or hung up on"):
        for client in late:
            client.is_served_or_hung_up()
    server.client("A").pings()


@graded(
    title="while the kernel has no memory for another client, it does not spin",
    points={"01": 2, "02": 2, "03": 2, "04": 2, "05": 2},
    pitfalls=["accept-error-spin"],
    needs=[Instrument.TRACE],
)
def test_out_of_memory(lab: LabUnderTest) -> None:
    server = lab.start(inject=["accept,accept4:error=ENOMEM"])
    server.client("A")
    with server.story.step("the server backs off: it rests between two tries to accept A"):
        server.pauses()
