"""The rows of the first table: what is asked of each server, why, and how to see it with one's own eyes."""

from __future__ import annotations

from muxlab.compare.capacity import STOP_AT
from muxlab.compare.copies import epoll_event_bytes
from muxlab.compare.model import Metric
from muxlab.compare.scenario import (
    CLIENTS,
    CONNECTIONS,
    GROUPS_AT_ONCE,
    MESSAGE,
    ROUNDS_AT_ONCE,
    TEN_KILOBYTES_TIMES,
    TURNS,
)
from muxlab.scenarios.scripts import READ_SIZE, TEN_KILOBYTES

START = "build/release/bin/LAB --port 8080 --log error"
# -D: the tracer stands aside, so that the job is the server itself, and kill reaches it.
TRACED = f"strace -D -f {START}"
CONNECT = "import socket as s, struct; c = s.create_connection(('127.0.0.1', 8080)); "


def _with(server: str, client: str) -> str:
    return f"{server} & sleep 1; {client}; kill $!"


def _python(script: str) -> str:
    return f'python3 -c "{CONNECT}{script}"'


ECHO_ONE = _python(f"c.send(bytes({len(MESSAGE)})); c.recv({len(MESSAGE)})")
MARKED = "strace -f, everything traced; counted between two marks that a client sends, with the server at rest at each."

CALLS_NOTE = (
    f"Counted by strace between two marks, so that starting, connecting and closing do not count. {CLIENTS} clients, "
    f"{len(MESSAGE)}-byte messages, in turn: never two under way. Lab 04 receives once more, to hear EAGAIN."
)
AT_ONCE_NOTE = (
    f"All {CLIENTS} speak at the same time. How many are ready at one wake-up is a matter of timing, and strace slows "
    f"the server: median, lowest–highest of {GROUPS_AT_ONCE} times {ROUNDS_AT_ONCE * CLIENTS} messages."
)
CONTROL_NOTE = "From connecting to closing. select and poll keep nothing in the kernel between two calls."
BYTES_NOTE = (
    "From the arguments. select: two sets of nfds bits, in whole longs, both ways. poll: 8 bytes in for each "
    f"descriptor, 2 out (revents). epoll_wait: none in, {epoll_event_bytes()} out for each event."
)
WAKE_NOTE = (
    f"{len(TEN_KILOBYTES):,} bytes in one go, --read-size {READ_SIZE}. Level-triggered tells of the rest again and "
    "again; edge-triggered tells once, so lab 04 reads on until EAGAIN: its last recv."
)
BITS_NOTE = (
    "What the wait call said of a client that shut down its sending side, and of one that reset. select knows two "
    "words only. OUT where writing was asked for: lab 04 asks once for all. RDHUP is told only to those who ask."
)
MOST_NOTE = (
    "Really connected, and served once each. select ends at descriptor number FD_SETSIZE, 1,024. "
    "A + means that we stopped asking: the limit is RLIMIT_NOFILE, FILES files here."
)
CPU_NOTE = (
    "User and kernel time, not traced: median, lowest–highest of ROUNDS rounds that go lab by lab, again and again. "
    "select and poll look at every descriptor at every call; epoll does not."
)

CALLS = Metric(
    id="calls_per_message",
    group="System calls",
    title="per message, in turn",
    unit="calls",
    explanation="How often the server enters the kernel to receive one message and send it back.",
    method=f"{MARKED} {CLIENTS} clients echo {TURNS} messages of {len(MESSAGE)} bytes each, one after the other.",
    command=_with(TRACED, ECHO_ONE),
    footnote=CALLS_NOTE,
    decimals=2,
)
CALLS_SPLIT = Metric(
    id="calls_per_message_by_kind",
    group="System calls",
    title="= wait+recv+send+other",
    unit="calls",
    explanation="The same calls by what they are for; the wait is select, poll or epoll_wait.",
    method=CALLS.method,
    command=CALLS.command,
    footnote=CALLS_NOTE,
    parts=("wait", "receive", "send", "other"),
    joint="+",
    decimals=2,
)
WAITS_AT_ONCE = Metric(
    id="waits_per_message_at_once",
    group="System calls",
    title="waits per message, at once",
    unit="calls",
    explanation="One wait can tell of several clients, so that under load there are fewer waits than messages.",
    method=f"{MARKED} {CLIENTS} clients send, then all receive; {ROUNDS_AT_ONCE} times, in {GROUPS_AT_ONCE} groups.",
    command="./muxlab compare --labs LAB --traces DIR; sed -n '/scene at once 0/,/scene .n/p' DIR/LAB.strace | "
    "grep -cE '(select6?|poll|wait)\\('   (the last of them tells of the mark)",
    footnote=AT_ONCE_NOTE,
    decimals=2,
)
EVENTS_AT_ONCE = Metric(
    id="events_per_wait_at_once",
    group="System calls",
    title="events per wait, at once",
    unit="events",
    explanation="How many descriptors one wait call tells of: the more, the fewer calls.",
    method=WAITS_AT_ONCE.method,
    command=WAITS_AT_ONCE.command,
    footnote=AT_ONCE_NOTE,
    decimals=1,
)
CONTROLS = Metric(
    id="epoll_ctl_per_connection",
    group="System calls",
    title="epoll_ctl per connection",
    unit="calls",
    explanation="What it costs to keep the interest list in the kernel; lab 05 also takes a client out before closing.",
    method=f"{MARKED} {CONNECTIONS} clients connect, say one byte, and leave.",
    command=_with(f"strace -D -f -e trace=epoll_ctl {START}", _python("c.close()")),
    footnote=CONTROL_NOTE,
    decimals=2,
)
BYTES_FEW = Metric(
    id="bytes_copied_per_wait",
    group="Bytes per wait call, in/out",
    title=f"with {CLIENTS} clients",
    unit="bytes",
    explanation="What the kernel copies from and to the program for the wait call itself, each time it is made.",
    method=f"{MARKED} The sizes follow from the arguments: the formulas are in tools/muxlab/compare/copies.py.",
    command=CALLS.command,
    footnote=BYTES_NOTE,
    parts=("into the kernel", "out of the kernel"),
    joint="/",
    decimals=1,
)
BYTES_MANY = Metric(
    id="bytes_copied_per_wait_many_idle",
    group=BYTES_FEW.group,
    title=f"with {CLIENTS} clients and IDLE idle",
    unit="bytes",
    explanation="The same with many clients that say nothing: they cost select and poll bytes at every call.",
    method=BYTES_FEW.method,
    command="./muxlab compare --labs LAB --traces DIR; grep -A9 'scene many idle' DIR/LAB.strace | less",
    footnote=BYTES_NOTE,
    parts=BYTES_FEW.parts,
    joint=BYTES_FEW.joint,
    decimals=1,
)
_TEN = f"{len(TEN_KILOBYTES):,} bytes in one send(2), {TEN_KILOBYTES_TIMES} times; --read-size {READ_SIZE}."
_TEN_COMMAND = _with(
    f"{TRACED} --read-size {READ_SIZE}",
    _python(f"c.send(bytes({len(TEN_KILOBYTES)})); c.recv({len(TEN_KILOBYTES)}, s.MSG_WAITALL)"),
)
WAKES = Metric(
    id="wakeups_for_10_kb",
    group="10 KB at once, 1 KB per read",
    title="wake-ups",
    unit="wait calls that told of the client",
    explanation="Level-triggered reports what is still unread at every wait; edge-triggered reports only its arrival.",
    method=f"{MARKED} {_TEN}",
    command=_TEN_COMMAND,
    footnote=WAKE_NOTE,
    decimals=1,
)
RECEIVES = Metric(
    id="receives_for_10_kb",
    group=WAKES.group,
    title="recv calls",
    unit="calls",
    explanation="The other side of it: an edge-triggered reader has to go on until EAGAIN, which takes one recv more.",
    method=WAKES.method,
    command=_TEN_COMMAND,
    footnote=WAKE_NOTE,
    decimals=1,
)
FIN = Metric(
    id="reported_for_fin",
    group="What the wait call reports",
    title="client has finished (FIN)",
    unit="event bits",
    explanation="An end of input is reported as readable: recv then returns 0.",
    method=f"{MARKED} One client calls shutdown(SHUT_WR).",
    command=_with(TRACED, _python("c.shutdown(s.SHUT_WR); c.recv(1)")),
    footnote=BITS_NOTE,
)
RST = Metric(
    id="reported_for_rst",
    group=FIN.group,
    title="client has reset (RST)",
    unit="event bits",
    explanation="A reset is reported as an error, asked for or not; the recv that follows says ECONNRESET.",
    method=f"{MARKED} One client closes with SO_LINGER set to zero seconds.",
    command=_with(TRACED, _python("c.setsockopt(s.SOL_SOCKET, s.SO_LINGER, struct.pack('ii', 1, 0)); c.close()")),
    footnote=BITS_NOTE,
)
MOST = Metric(
    id="most_clients",
    group="Clients",
    title="most it accepts",
    unit="clients",
    explanation="An fd_set has room for descriptor numbers below 1,024; poll and epoll end where the files end.",
    method=f"Clients connect one after the other and say one byte each, up to {STOP_AT:,}, until the server hangs up.",
    command="ulimit -n $(ulimit -Hn); "
    + _with(
        START,
        "python3 -c \"import socket as s; k = []; [(k.append(s.create_connection(('127.0.0.1', 8080))), "
        "k[-1].send(b'?'), print(len(k), k[-1].recv(1))) for _ in range(1100)]\"",
    ),
    footnote=MOST_NOTE,
)
CPU_FEW = Metric(
    id="cpu_per_message",
    group="CPU µs per message",
    title="no idle clients",
    unit="µs",
    explanation="Processor time of all the server's threads, user and kernel, for one message received and sent back.",
    method=(
        f"Sum of /proc/PID/task/*/schedstat before and after, untraced; {CLIENTS} clients in turn, one message of "
        f"{len(MESSAGE)} bytes under way; on loopback the sender also pays for the receiver's side of the delivery."
    ),
    command="./muxlab compare --labs LAB; by hand: cat /proc/$(pgrep -n LAB)/task/*/schedstat, before and after",
    footnote=CPU_NOTE,
    decimals=1,
)
CPU_MANY = Metric(
    id="cpu_per_message_many_idle",
    group=CPU_FEW.group,
    title="IDLE idle clients",
    unit="µs",
    explanation="The same while many clients are silent: select and poll look at each of them every time.",
    method=CPU_FEW.method,
    command=CPU_FEW.command,
    footnote=CPU_NOTE,
    decimals=1,
)

COUNTED = (
    CALLS,
    CALLS_SPLIT,
    WAITS_AT_ONCE,
    EVENTS_AT_ONCE,
    CONTROLS,
    BYTES_FEW,
    BYTES_MANY,
    WAKES,
    RECEIVES,
    FIN,
    RST,
)
ALL = (*COUNTED, MOST, CPU_FEW, CPU_MANY)
