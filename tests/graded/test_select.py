"""What select does to its arguments, what its numbers mean, and which descriptors it cannot take."""

from __future__ import annotations

from itertools import pairwise

from crowd import crowd
from muxlab.grading import Instrument, LabUnderTest, ServerUnderTest, arguments, graded
from muxlab.strace.decode import Wait
from muxlab.strace.trace import Call

FD_SETSIZE = 1024
ROOM = 20  # descriptors below FD_SETSIZE that are left for a server and its clients: more than a server needs
CROWD = 40  # clients: more than there is room for


def waits(server: ServerUnderTest) -> list[Wait]:
    return [step for step in server.decoded("wait") if isinstance(step, Wait)]


def is_about_tcp(call: Call) -> bool:
    return "<TCP" in (arguments(call) or [""])[0]


@graded(
    title="a client who was silent while another one talked is heard",
    points={"01": 6},
    pitfalls=["set-not-rebuilt"],
)
def test_the_silent_are_heard(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    b = server.client("B")
    a.pings()
    b.pings()
    server.client("C").pings()
    a.pings()


@graded(
    title="the client who came last is heard",
    points={"01": 4},
    pitfalls=["nfds-off-by-one", "stale-maxfd"],
)
def test_the_newest_client(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    a.pings()
    b = server.client("B")
    b.pings()
    b.closes()
    server.expects_alive()
    server.client("C").pings()
    a.pings()
    newer = crowd(server, 10)
    with lab.story.step("c10 to c1 each send a byte and get it back"):
        for client in reversed(newer):
            client.pings()


@graded(
    title="when clients leave, select is asked about fewer descriptors again",
    points={"01": 2},
    pitfalls=["stale-maxfd"],
    needs=[Instrument.TRACE],
    how=True,
)
def test_nfds_shrinks(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    a = server.client("A")
    others = crowd(server, 10)
    with lab.story.step("c1 to c10 leave"):
        for client in others:
            client.closes()
        server.quiet()
    a.pings()
    told = waits(server)
    server.check("it waits in select", bool(told), "waiting in other calls only")
    last = told[-1]
    highest = max(events.fd for events in last.interest)
    server.check(f"nfds is {highest + 1}: one more than the highest descriptor", last.size == highest + 1, last.size)


@graded(
    title="when a client leaves, the server stops waiting for it before it closes it",
    points={"01": 4, "02": 4, "03": 2, "04": 2, "05": 2},
    pitfalls=["closed-fd-in-set", "nval-ignored"],
    needs=[Instrument.TRACE],
)
def test_a_client_leaves(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    a = server.client("A")
    b = server.client("B")
    a.pings()
    a.closes()
    b.pings()
    server.rest_if_it_can()  # and not calls(), for which it must: one that spins has a reason to be told
    told = [step for step in server.trace.decoded(server.trace.select(["wait"])) if isinstance(step, Wait)]
    failed = [step for step in told if step.call.errno == "EBADF"]
    server.check("no wait fails because of a closed descriptor (EBADF)", not failed, f"not so: {len(failed):,} failed")
    gone = [events for step in told for events in step.ready if "NVAL" in events.bits]
    server.check("no wait reports a closed descriptor (POLLNVAL)", not gone, f"reported {len(gone):,} times")
    server.expects_alive()


@graded(
    title="an interrupted select has answered nothing: the server waits again, and only then reads",
    points={"01": 3},
    pitfalls=["sets-used-after-error"],
    needs=[Instrument.TRACE],
)
def test_an_interrupted_select(lab: LabUnderTest) -> None:
    server = lab.start(inject=["?select,pselect6:error=EINTR:when=2+3"])
    a = server.client("A")
    a.pings()
    a.pings()
    calls = server.calls("wait", "recv", "accept", "send")
    hasty = [
        later
        for call, later in pairwise(calls)
        if call.injected and (later.name.startswith("accept") or is_about_tcp(later))
    ]
    names = " and ".join(dict.fromkeys(call.name for call in hasty))
    server.check("after EINTR comes the next select, and no other call on a socket", not hasty, f"followed by {names}")


@graded(
    title="urgent data is no error: the client who sends some is not thrown out",
    points={"01": 3},
    pitfalls=["except-means-error"],
)
def test_urgent_data(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    a.pings()
    a.sends_urgent()
    a.pings()


@graded(
    title="clients whose descriptors do not fit in an fd_set cost the others nothing",
    points={"01": 4},
    pitfalls=["fd-setsize-overflow"],
    needs=[Instrument.LIMITS, Instrument.MANY_DESCRIPTORS],
)
def test_beyond_fd_setsize(lab: LabUnderTest) -> None:
    server = lab.start(free_below_1024=ROOM)
    clients = crowd(server, CROWD)
    with lab.story.step("each of them is served or hung up on"):
        served = [client for client in clients if client.is_served_or_hung_up()]
    server.expects_alive()
    lab.check("some of them are served", len(served) > 0)
    with lab.story.step("those who were served once are served again"):
        for client in served:
            client.pings()
    with lab.story.step("one of them leaves"):
        served[0].closes()
        server.quiet()
    server.client("late").pings()


@graded(
    title="no descriptor above 1023 is kept: select could not watch it",
    points={"01": 4},
    pitfalls=["fd-setsize-overflow"],
    needs=[Instrument.LIMITS, Instrument.MANY_DESCRIPTORS, Instrument.FDINFO],
    how=True,
)
def test_nothing_above_1023(lab: LabUnderTest) -> None:
    server = lab.start(free_below_1024=ROOM)
    crowd(server, CROWD)
    server.expects_alive()
    kept = [number for number, file in server.descriptors().items() if file.is_socket and number >= FD_SETSIZE]
    server.check(
        "no client has a number above 1023 in the server", not kept, f"{', '.join(map(str, sorted(kept)[:3]))} …"
    )


@graded(
    title="if not even the listener fits in an fd_set, it says so in one line and gives up",
    points={"01": 2},
    pitfalls=["fd-setsize-overflow"],
    needs=[Instrument.LIMITS, Instrument.MANY_DESCRIPTORS],
    how=True,
)
def test_the_listener_does_not_fit(lab: LabUnderTest) -> None:
    ended = lab.runs_to_its_end(free_below_1024=0)
    lab.check("it ends with exit code 1", ended.code == 1, ended.how)
    lab.check("it has not said that it listens", ended.stdout == "", repr(ended.stdout))
    lab.check("it says why, in one line on stderr", len(ended.stderr.splitlines()) == 1, repr(ended.stderr))
