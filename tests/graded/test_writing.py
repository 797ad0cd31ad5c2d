"""Replies that the kernel does not take at once: kept, sent later, bounded; and clients that leave meanwhile."""

from __future__ import annotations

from muxlab.grading import Client, Instrument, LabUnderTest, ServerUnderTest, graded
from slow import drain, overfill, slow_client, stall

ALL = ("01", "02", "03", "04", "05")
KB, MB = 1024, 1024 * 1024

TOO_MANY_SENDS = 4_000  # for 256 KB that go nowhere: a server that takes 64 bytes at a time needs fewer
TOO_MANY_WAITS = 50  # for one byte: two or three are usual
BOUND = 16 * MB


@graded(
    title="every byte comes back, although the kernel takes only seven at a time",
    points={"01": 4, "02": 2, "03": 2, "05": 2},  # not 04: a short write may tell an edge-triggered server "full"
    pitfalls=["partial-send-dropped"],
    needs=[Instrument.GATE],
)
def test_short_writes(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    with lab.story.step("from now on, each send takes at most 7 bytes"):
        server.gate.clamp(send=7)
    a.sends(lab.bytes(1000))
    a.expects_echo()


@graded(
    title="a megabyte comes back unchanged through small buffers",
    points=dict.fromkeys(ALL, 2),
    pitfalls=["partial-send-dropped"],
)
def test_small_buffers(lab: LabUnderTest) -> None:
    server = lab.start()
    a = slow_client(server)
    a.sends(lab.bytes(MB))
    a.expects_echo()


@graded(
    title="a client that reads late gets the rest of its reply",
    points={"01": 4, "02": 4, "03": 4, "04": 4, "05": 2},
    pitfalls=["write-interest-never"],
    needs=[Instrument.GATE],
)
def test_late_reader(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = slow_client(server)
    overfill(lab, server, a)
    a.expects_echo()


@graded(
    title="a client that does not read costs no CPU: nobody tries again and again to send to it",
    points={"01": 4, "02": 2, "03": 2, "04": 2, "05": 2},
    pitfalls=["send-spin"],
    needs=[Instrument.GATE, Instrument.FDINFO],
)
def test_no_sending_in_a_loop(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = slow_client(server)
    with server.gate.trap("send", nth=TOO_MANY_SENDS, fd=server.fd_of(a)) as trap:
        a.sends(lab.bytes(256 * KB))
        tries = f"trying to send for the {TOO_MANY_SENDS:,}th time"
        server.check("server waits until there is room for A's reply", not server.catches(trap), tries)


@graded(
    title="a client that waits for nothing does not keep the server awake",
    points={"01": 4, "02": 4, "03": 4, "04": 2, "05": 2},
    pitfalls=["write-interest-always"],
    needs=[Instrument.GATE],
)
def test_idle_client(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    a.pings()
    expect_sleep_after_a_ping(server, a)


@graded(
    title="a client that was slow once does not keep the server awake when it has got everything",
    points={"01": 2, "02": 2, "03": 4, "05": 2},
    pitfalls=["write-interest-always"],
    needs=[Instrument.GATE],
)
def test_write_interest_ends(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = slow_client(server)
    overfill(lab, server, a)
    a.expects_echo()
    expect_sleep_after_a_ping(server, a)


def expect_sleep_after_a_ping(server: ServerUnderTest, client: Client) -> None:
    with server.gate.trap("wait", nth=TOO_MANY_WAITS) as trap:
        client.pings()
        awake = f"waiting for the {TOO_MANY_WAITS}th time since: its wait call returns at once, again and again"
        server.check("server goes to sleep", not server.catches(trap), awake)


@graded(
    title="when a client has made room and has sent more, both are noticed",
    points={"02": 2, "03": 2, "04": 4, "05": 2},
    pitfalls=["in-else-if-out"],
    needs=[Instrument.GATE],
)
def test_both_directions(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = slow_client(server)
    overfill(lab, server, a)
    with server.parked():
        a.reads(server.gate.sent)  # all that the server's kernel has: there is room again
        a.sends(b"more")
    a.expects_echo()


@graded(
    title="what a client sends while a reply is still waiting is answered as well",
    points={"01": 2, "02": 2, "03": 4, "04": 2, "05": 2},
    pitfalls=["mod-replaces-mask"],
    needs=[Instrument.GATE],
)
def test_more_while_a_reply_waits(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = slow_client(server)
    overfill(lab, server, a)
    a.sends(b"and now something else")
    a.expects_echo()
    a.sends(b"and once more")
    a.expects_echo()


@graded(
    title="one client that does not read stalls none of the others",
    points=dict.fromkeys(ALL, 4),
    pitfalls=["blocking-send"],
)
def test_slow_reader_stalls_nobody(lab: LabUnderTest) -> None:
    server = lab.start()
    a = slow_client(server)
    others = server.clients(4)  # in lab 05 at least one of them shares A's thread
    stall(lab, server, a, MB)
    for other in others:
        other.pings()


@graded(
    title="memory stays bounded when a client sends and never reads",
    points=dict.fromkeys(ALL, 4),
    pitfalls=["unbounded-output"],
)
def test_memory_is_bounded(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    a.pings()
    before = server.rss_bytes()
    a.sends(lab.bytes(MB) * 64)
    more = server.rss_bytes() - before
    server.check("server has taken less than 16 MB of memory for A", more < BOUND, f"{more // MB} MB more than before")


@graded(
    title="a client that did not read for a while, and then reads, is served to the end",
    points={"01": 2, "02": 4, "03": 2, "04": 4, "05": 2},
    pitfalls=["backpressure-stuck"],
    needs=[Instrument.GATE],
)
def test_reading_resumes(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    stall(lab, server, a, 8 * MB)  # more than a server that bounds its memory takes in
    with server.parked():  # or it sends in small pieces, and reads between them
        drain(server, a)
    a.expects_echo()
    a.pings()


@graded(
    title="a client that goes away before it gets its reply does not end the server",
    points=dict.fromkeys(ALL, 4),
    pitfalls=["sigpipe"],
    needs=[Instrument.GATE],
)
def test_gone_before_the_reply(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    b = server.client("B")
    a.pings()
    with server.parked():
        a.sends(b"who is there?")
        a.half_closes()
        a.resets()  # after a FIN, a reset makes the very next send a broken pipe
    b.pings()


@graded(
    title="a client that half-closes gets all of its reply before the server closes",
    points={"01": 4, "02": 2, "03": 2, "04": 2, "05": 2},
    pitfalls=["close-before-flush"],
    needs=[Instrument.GATE],
)
def test_flush_before_closing(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = slow_client(server)
    overfill(lab, server, a)
    a.half_closes()
    server.quiet()  # it has seen the end, and still has a part of the reply
    a.expects_echo()
    a.expects_end()
