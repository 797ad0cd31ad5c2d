"""Reading: how much one recv brings, what it does not bring, and how the end of a client looks."""

from __future__ import annotations

import signal

from muxlab.grading import Instrument, LabUnderTest, graded
from slow import overfill, slow_client
from thief import takes_bytes
from turns import one_loop, steps

LONG = 200_000  # bytes: more than one recv takes
BEHIND = 500_000  # bytes: more than a server and its kernel keep of replies that nobody reads
AHEAD = 2 * 1024 * 1024  # bytes that a client can send, and that the kernels can keep of the reply
UNFAIR = 1024 * 1024  # bytes read from one client while another one waits
WAITS = "?select,pselect6,?poll,ppoll,?epoll_wait,epoll_pwait,?epoll_pwait2"


@graded(
    title="two clients are served in turn",
    points={"01": 2, "02": 2, "03": 2, "04": 4, "05": 2},
    pitfalls=["et-blocking-fd"],
)
def test_two_clients(lab: LabUnderTest) -> None:
    server = lab.start(*one_loop(lab))
    a = server.client("A")
    a.pings()
    b = server.client("B")
    for client in (b, a, b):
        client.pings()


@graded(
    title="bytes that come one at a time all come back",
    points={"01": 1, "02": 1, "03": 1, "04": 1, "05": 1},
    pitfalls=["one-recv-one-message"],
    needs=[Instrument.GATE],
)
def test_byte_by_byte(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    server.gate.clamp(recv=1)  # as if each byte came in a packet of its own
    a.sends(b"GET / HTTP/1.0\r\n\r\n")
    a.expects_echo()


@graded(
    title="two messages that come in one piece both come back",
    points={"01": 1, "02": 1, "03": 1, "04": 1, "05": 1},
    pitfalls=["one-recv-one-message"],
)
def test_two_messages(lab: LabUnderTest) -> None:
    a = lab.start().client("A")
    a.sends(b"one\r\ntwo\r\n")
    a.expects_echo()


@graded(
    title="every byte value comes back, zero among them",
    points={"01": 2, "02": 1, "03": 1, "04": 1, "05": 1},
    pitfalls=["nul-truncation"],
)
def test_byte_values(lab: LabUnderTest) -> None:
    a = lab.start().client("A")
    a.sends(b"zero: \0 is a byte like any other")
    a.expects_echo()
    a.sends(bytes(range(256)))
    a.expects_echo()


@graded(
    title="a short message after a long one comes back as short as it was",
    points={"01": 2, "02": 1, "03": 1, "04": 1, "05": 1},
    pitfalls=["echo-whole-buffer"],
)
def test_short_after_long(lab: LabUnderTest) -> None:
    a = lab.start().client("A")
    a.sends(lab.bytes(1000))
    a.expects_echo()
    a.sends(b"x")
    a.expects_echo()
    a.expects_nothing()


@graded(
    title="a client that has finished is hung up on, once and for all",
    points={"01": 3, "02": 3, "03": 3, "04": 3, "05": 2},
    pitfalls=["eof-ignored"],
    needs=[Instrument.GATE],
)
def test_end_of_input(lab: LabUnderTest) -> None:
    server = lab.start(*one_loop(lab), gate=True)
    a = server.client("A")
    a.pings()
    b = server.client("B")
    b.pings()
    a.half_closes()
    a.expects_end()
    b.pings()


@graded(
    title="a client that sends 500 KB before it reads anything gets all of it back",
    points={"01": 2, "02": 2, "03": 2, "04": 2, "05": 1},
    pitfalls=["zero-length-recv"],
)
def test_far_behind(lab: LabUnderTest) -> None:
    a = slow_client(lab.start())
    a.sends(lab.bytes(BEHIND))
    a.expects_echo()
    a.pings()


@graded(
    title="bytes that are gone again before recv cost nobody anything",
    points={"01": 2, "02": 2, "03": 2, "04": 2, "05": 1},
    pitfalls=["eagain-fatal", "nonblock-not-set", "unsigned-result"],
    needs=[Instrument.GATE, Instrument.FDINFO],
)
def test_gone_before_recv(lab: LabUnderTest) -> None:
    server = lab.start(*one_loop(lab), gate=True)
    a = server.client("A")
    a.pings()
    b = server.client("B")
    b.pings()
    with server.trap("recv", fd=server.fd_of(a)) as trap:
        a.sends(b"x")
        server.expects_caught(trap)
        gone = takes_bytes(server, a)
    b.pings()
    a.sends(b"y")
    a.expects(b"xy"[len(gone) :])


@graded(
    title="a wait that a signal interrupts is made again",
    points={"01": 2, "02": 2, "03": 2, "04": 2, "05": 2},
    pitfalls=["eintr-fatal"],
    needs=[Instrument.TRACE],
)
def test_signal_in_wait(lab: LabUnderTest) -> None:
    a = lab.start(inject=[f"{WAITS}:error=EINTR:when=2..3"]).client("A")
    a.pings()
    a.pings()


@graded(
    title="a server that is stopped and continued (Ctrl-Z, fg) goes on serving",
    points={"01": 1, "02": 1, "03": 2, "04": 2, "05": 2},
    pitfalls=["eintr-fatal"],
)
def test_stop_and_continue(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    a.pings()
    server.signal(signal.SIGSTOP)
    server.signal(signal.SIGCONT)
    a.pings()


@graded(
    title="a recv that fails costs one client its connection, and nobody else anything",
    points={"01": 2, "02": 2, "03": 2, "04": 2, "05": 1},
    pitfalls=["unsigned-result", "rst-kills-server"],
    needs=[Instrument.TRACE],
)
def test_failed_recv(lab: LabUnderTest) -> None:
    # The second recv of the thread. Whose that is depends on how often the server asks; C comes later in any case.
    server = lab.start(*one_loop(lab), inject=["recvfrom,recvmsg:error=ECONNRESET:when=2"])
    server.client("A").is_served_or_hung_up()
    server.client("B").is_served_or_hung_up()
    server.client("C").pings()


@graded(
    title="a client that resets its connection costs nobody else anything",
    points={"01": 2, "02": 2, "03": 2, "04": 2, "05": 1},
    pitfalls=["rst-kills-server"],
)
def test_reset(lab: LabUnderTest) -> None:
    server = lab.start(*one_loop(lab))
    a = server.client("A")
    a.pings()
    b = server.client("B")
    b.pings()
    a.resets()
    b.pings()
    server.client("C").pings()


@graded(
    title="a client that has sent all it had (shutdown) still gets all of it back",
    points={"01": 3, "02": 3, "03": 3, "04": 3, "05": 2},
    pitfalls=["half-close-drops-reply"],
    needs=[Instrument.GATE],
)
def test_half_close(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    a.sends(lab.bytes(LONG))
    a.half_closes()
    a.expects_echo()
    a.expects_end()

    b = slow_client(server, "B")
    overfill(lab, server, b)  # a part of the reply is still to be sent when the end of B is read
    with server.parked():
        b.sends(lab.bytes(2000))
        b.half_closes()
    b.expects_echo()
    b.expects_end()


@graded(
    title="a long request that arrives in one go is answered in full",
    points={"01": 2, "02": 2, "03": 2, "04": 6, "05": 2},
    pitfalls=["et-single-read"],
    needs=[Instrument.GATE],
)
def test_long_request(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    with server.parked():
        a.sends(lab.bytes(LONG))
    a.expects_echo()


@graded(
    title="an end that comes together with the last bytes is seen",
    points={"01": 1, "02": 1, "03": 1, "04": 3, "05": 1},
    pitfalls=["et-short-read-urgent"],
    needs=[Instrument.GATE],
)
def test_end_with_data(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    with server.parked():
        a.sends(b"last words")
        a.half_closes()
    a.expects_echo()
    a.expects_end()


@graded(
    title="what comes behind an urgent byte is not left lying",
    points={"01": 1, "02": 1, "03": 1, "04": 2, "05": 1},
    pitfalls=["et-short-read-urgent"],
    needs=[Instrument.GATE],
)
def test_urgent_byte(lab: LabUnderTest) -> None:
    server = lab.start(gate=True)
    a = server.client("A")
    with server.parked():
        a.sends(b"abc")
        a.sends_urgent(b"d")  # a recv ends before it, however much lies behind
        a.sends(b"ef")
    a.expects_echo()


@graded(
    title="a client that never stops sending leaves the others their turn",
    points={"01": 1, "02": 1, "03": 1, "04": 4, "05": 2},
    pitfalls=["et-starvation"],
    needs=[Instrument.GATE, Instrument.FDINFO],
)
def test_endless_sender(lab: LabUnderTest) -> None:
    server = lab.start(*one_loop(lab), gate=True)
    a = server.client("A")
    a.pings()
    b = server.client("B")
    b.pings()
    serving = server.gate.trap("send", fd=server.fd_of(b))
    with server.parked():
        a.sends(lab.bytes(AHEAD))
        b.sends(b"x")
        reading = server.gate.trap("recv", fd=server.fd_of(a))
        last = server.gate.received + UNFAIR
    with server.story.step("the server reads from A while B waits"):
        held = server.catches(reading)
        while held and not serving.held and server.gate.received < last:
            server.quiet()  # more of A has arrived, if more is under way: a recv never finds nothing
            held = steps(server, reading)
    server.check(f"B is served before {UNFAIR:,} bytes of A are read", server.gate.received < last, "still waiting")
    serving.release()
    reading.release()
    b.expects_echo()
