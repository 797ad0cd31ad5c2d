"""The rows of the second table: what is asked of each of lab 05's wakers."""

from __future__ import annotations

from muxlab.compare.model import Metric
from muxlab.compare.wakers import POSTS

PROBE = "build/release/bin/waker_probe"
FACTS = f"{PROBE} facts WAKER {POSTS} BURSTS"
BURST = f"strace -f {PROBE} burst WAKER {POSTS}"

HELD_NOTE = (
    "Descriptors: what is new in /proc/PID/fd. Ports: the process's sockets, by their inodes in /proc/PID/net/tcp, for "
    "as long as the waker lives."
)
BURST_NOTE = (
    "Counted by strace. Busy: posted while the loop runs a task; one write, epoll_wait and read cover all. No queue: "
    "wake() each time, then one epoll_wait, and what it takes to drain."
)
ASLEEP_NOTE = (
    "The posting thread's writes (syscw in /proc), untraced: median, lowest–highest of BURSTS bursts. A race: a loop "
    "that is quick falls asleep between two posts, and must be woken again. The spread says more than the median."
)
FULL_NOTE = (
    "One-byte wake-ups that nobody reads (eventfd: a counter, filled by one big write and the last three by hand). "
    "Then one more: write says EAGAIN, and epoll_wait is asked whether it still tells of the waker."
)

DESCRIPTORS = Metric(
    id="descriptors",
    group="What it holds",
    title="descriptors",
    unit="descriptors",
    explanation="Each loop needs a waker of its own, so these come out of the program's limit on open files.",
    method="The entries of /proc/self/fd after the waker was made that were not there before.",
    command=FACTS,
    footnote=HELD_NOTE,
)
PORTS = Metric(
    id="ports",
    group=DESCRIPTORS.group,
    title="TCP ports",
    unit="ports",
    explanation="Two connected sockets take two ports from the range that clients of this machine share.",
    method="Local ports in /proc/PID/net/tcp of the sockets in /proc/PID/fd.",
    command="build/release/bin/05_cross_thread_wakeup --wakeup WAKER & sleep 1; ss -tnp | grep 05_cross; kill $!",
    footnote=HELD_NOTE,
)
COALESCED = Metric(
    id="calls_per_burst",
    group=f"{POSTS:,} posts: system calls",
    title="loop is busy",
    unit="calls",
    explanation="Only the post that finds the queue empty wakes the loop: one write, one epoll_wait, one read.",
    method="strace -f, everything traced; the loop is held in a task until all are posted; the most of three bursts.",
    command=BURST,
    footnote=BURST_NOTE,
)
BARE = Metric(
    id="calls_per_burst_bare",
    group=COALESCED.group,
    title="each wakes, no queue",
    unit="calls",
    explanation="Without coalescing every wake-up is a system call, although the sleeper hears of them all at once.",
    method="strace -f, everything traced; wake() in a row, then epoll_wait and drain().",
    command=BURST,
    footnote=BURST_NOTE,
)
ASLEEP = Metric(
    id="wakes_per_burst_asleep",
    group=COALESCED.group,
    title="wake-ups, loop asleep",
    unit="writes",
    explanation="How often the loop had to be woken depends on who is quicker, the posting thread or the loop.",
    method="syscw of the posting thread in /proc/PID/task/TID/io before and after; the loop is asleep in epoll_wait.",
    command=FACTS,
    footnote=ASLEEP_NOTE,
)
CAPACITY = Metric(
    id="capacity",
    group="When nobody reads",
    title="wake-ups that fit",
    unit="wake-ups",
    explanation="A pipe or socket holds a byte for each, at the price of its buffers; an eventfd adds them up.",
    method="wake() until write(2) says EAGAIN.",
    command=FACTS,
    footnote=FULL_NOTE,
)
WHEN_FULL = Metric(
    id="when_full",
    group=CAPACITY.group,
    title="one more",
    unit="what happens",
    explanation="Full means already awake, unless the waker is edge-triggered: without a write there is no edge.",
    method="wake() on the full channel, then epoll_wait with time-out 0.",
    command=FACTS,
    footnote=FULL_NOTE,
)

TRACED = (COALESCED, BARE)
ASKED = (DESCRIPTORS, PORTS, ASLEEP, CAPACITY, WHEN_FULL)
ALL = (DESCRIPTORS, PORTS, COALESCED, BARE, ASLEEP, CAPACITY, WHEN_FULL)
