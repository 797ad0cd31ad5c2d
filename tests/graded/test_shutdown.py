"""Time-outs, signals, the end, and a log that nobody reads: what goes on beside the clients."""

from __future__ import annotations

import signal
import time
from itertools import count, pairwise

from crowd import crowd
from muxlab.grading import Instrument, InstrumentError, LabUnderTest, ServerUnderTest, graded, timeout_of
from muxlab.grading.command import sanitizers
from muxlab.grading.descriptors import descriptors
from muxlab.grading.rest import pause
from muxlab.grading.threads import states
from muxlab.strace.trace import Call

ALL = ("01", "02", "03", "04", "05")
ONE_LOOP = ("01", "02", "03", "04")  # lab 05 has no --timeout-ms
TIMEOUT_MS = 20
TURNS = 3  # time-outs that a test waits for: the first may be right by chance
LINES = 200  # each byte echoed is a line or more of debug log, and these are more than a pipe of 4 KB holds


def waits_in_vain(server: ServerUnderTest) -> list[Call]:
    """Wait calls so far that found nothing. Does not first wait for a server that may be spinning."""
    return [call for call in server.trace.select(["wait"]) if call.result == 0]


def sleeps_for_ever(server: ServerUnderTest) -> bool:
    threads = states(server.pid)
    timer = any("[timerfd]" in file.target for file in descriptors(server.pid).values())
    return not timer and all(thread.waits and thread.time_limit is None for thread in threads)


def wakes_for_nothing(server: ServerUnderTest, times: int) -> None:
    often = "once" if times == 1 else f"{times} times"
    with server.story.step(f"server wakes {often} without an event"):
        late = time.monotonic() + server.deadlines.wait
        for look in count():
            woken = len(waits_in_vain(server))
            if woken >= times:
                return
            if time.monotonic() > late or (not woken and sleeps_for_ever(server)):
                raise server.failure("it sleeps on")
            server.check_alive()
            pause(look)


@graded(
    title="with --timeout-ms, an idle wait returns when the time is over, and waits for as long again",
    points=dict.fromkeys(ONE_LOOP, 3),
    pitfalls=["timeval-consumed", "zero-timeout-spin"],
    needs=[Instrument.TRACE],
    how=True,  # a server may keep time by a timer, and one that waits for nothing together has no wait to return
)
def test_timeout(lab: LabUnderTest) -> None:
    server = lab.start("--timeout-ms", str(TIMEOUT_MS), trace=True)
    wakes_for_nothing(server, TURNS)
    zeros = [timeout_of(call) == 0 for call in waits_in_vain(server)]
    in_a_row = sum(all(pair) for pair in pairwise(zeros))
    server.check("no two waits in a row have a time-out of 0", in_a_row == 0, f"{in_a_row + 1:,} in a row")
    server.client("A").pings()


@graded(
    title="idle means idle: without --timeout-ms, no wait returns unless something has happened",
    points=dict.fromkeys(ALL, 2),
    pitfalls=["zero-timeout-spin", "polling-instead"],
    needs=[Instrument.TRACE],
)
def test_idle(lab: LabUnderTest) -> None:
    server = lab.start(trace=True)
    a = server.client("A")
    a.pings()
    server.client("B").pings()
    a.closes()
    server.expects_alive()
    polling = [thread for thread in server.resting() if thread.waits and thread.time_limit is not None]
    server.check("each thread waits for ever", not polling, f"{len(polling)} with a time-out")
    in_vain = [call for call in waits_in_vain(server) if timeout_of(call) != 0]  # 0: it looks, having other work to do
    server.check("no wait has returned without an event", not in_vain, f"{len(in_vain)} with none")


@graded(
    title="a signal that comes just before the server waits ends it as well",
    points={"01": 4, "02": 2, "03": 2, "04": 2, "05": 2},
    pitfalls=["signal-race"],
    needs=[Instrument.GATE],
)
def test_signal_before_the_wait(lab: LabUnderTest) -> None:
    if "tsan" in sanitizers(lab.executable):
        raise InstrumentError("ThreadSanitizer puts signals off, and does not look for them before a select")
    server = lab.start(gate=True)
    server.client("A").pings()
    trap = server.park()
    server.signal(signal.SIGTERM)
    server.release(trap)
    server.ends()


@graded(
    title="SIGTERM ends it with exit code 0, whatever its clients are doing",
    points={"01": 3, "02": 2, "03": 2, "04": 2, "05": 3},
    pitfalls=["unclean-shutdown"],
)
def test_sigterm(lab: LabUnderTest) -> None:
    server = lab.start()
    a = server.client("A")
    a.pings()
    b = server.client("B", rcvbuf=4096)
    b.sends(lab.bytes(1024 * 1024))
    server.stops()
    a.expects_hung_up()


@graded(
    title="Ctrl-C (SIGINT) ends it with exit code 0",
    points=dict.fromkeys(ALL, 1),
    pitfalls=["unclean-shutdown"],
)
def test_sigint(lab: LabUnderTest) -> None:
    server = lab.start()
    server.client("A").pings()
    server.signal(signal.SIGINT)
    server.ends()


@graded(
    title="at the end, no memory is left over",
    points=dict.fromkeys(ALL, 1),
    pitfalls=["unclean-shutdown"],
    needs=[Instrument.LEAKS],
)
def test_no_leaks(lab: LabUnderTest) -> None:
    server = lab.start()
    clients = crowd(server, 10)
    for client in clients:
        client.sends(lab.bytes(1000))
        client.expects_echo()
    for client in clients[:5]:
        client.closes()
    server.stops()


@graded(
    title="a log that nobody reads holds nobody up",
    points={"01": 2, "02": 2, "03": 2, "04": 2, "05": 2},
    pitfalls=["log-blocks-loop"],
)
def test_unread_log(lab: LabUnderTest) -> None:
    server = lab.start("--log", "debug", stderr="unread")
    a = server.client("A")
    with lab.story.step(f"A sends a byte and gets it back, {LINES} times"):
        for _ in range(LINES):
            a.pings()
    server.client("B").pings()
