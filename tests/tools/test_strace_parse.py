"""From strace's lines to a Trace: recorded ones, made-up ones, and ones that are cut off."""

from __future__ import annotations

import pytest

from muxlab.strace.parse import parse
from muxlab.strace.trace import Call
from strace_fixtures import NAMES, recorded, text_of


def call_of(line: str) -> Call:
    trace = parse([line])
    assert not trace.unknown
    (call,) = trace.calls
    return call


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_trace_is_understood_to_the_last_line(name: str) -> None:
    trace = recorded(name)
    assert not trace.unknown
    assert all(call.finished for call in trace.calls if not call.name.startswith("exit"))
    assert [signal.name for signal in trace.signals] == ["SIGTERM"]
    assert {end.code for end in trace.exits} == {0}


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_trace_loses_no_line(name: str) -> None:
    trace = recorded(name)
    lines = len(text_of(name).splitlines())
    resumed = text_of(name).count(" resumed>")
    assert len(trace.calls) + resumed + len(trace.signals) + len(trace.exits) == lines


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_may_end_anywhere(name: str) -> None:
    text = text_of(name)
    whole = parse(text.splitlines()).calls
    for length in range(0, len(text), 37):
        lines = text[:length].splitlines()
        trace = parse(lines)
        assert len(trace.unknown) <= 1
        for call in trace.calls:
            # What is there is right, but for the line that is cut: its result may have lost digits.
            if call.finished and call.returned != len(lines):
                assert call in whole


def test_threads_that_interrupt_each_other_are_sorted_out() -> None:
    trace = parse(
        [
            "10 1.000001 epoll_wait(5,  <unfinished ...>",
            '11 1.000002 write(3, "abc", 3 <unfinished ...>',
            "10 1.000003 <... epoll_wait resumed>[{events=EPOLLIN, data={u32=7, u64=7}}], 256, -1) = 1",
            "11 1.000004 <... write resumed>)       = 3",
        ]
    )
    wait, write = trace.calls
    assert (wait.thread, wait.entered, wait.returned, wait.time, wait.end_time) == (10, 1, 3, 1.000001, 1.000003)
    assert wait.arguments == "5, [{events=EPOLLIN, data={u32=7, u64=7}}], 256, -1"
    assert (write.arguments, write.result, write.returned) == ('3, "abc", 3', 3, 4)
    assert trace.in_order_of_return() == [wait, write]


def test_a_call_that_never_returns_is_kept_as_unfinished() -> None:
    trace = parse(
        ["10 recvfrom(5,  <unfinished ...>", "10 +++ killed by SIGKILL +++", "11 poll([], 0, -1 <unfinished ...>"]
    )
    assert [(call.name, call.arguments, call.finished) for call in trace.calls] == [
        ("recvfrom", "5", False),
        ("poll", "[], 0, -1", False),
    ]
    (end,) = trace.exits
    assert (end.thread, end.code, end.signal) == (10, None, "SIGKILL")


def test_a_signal_between_two_halves_breaks_nothing() -> None:
    trace = parse(
        [
            "7 select(4, [3], NULL, NULL, NULL <unfinished ...>",
            "7 --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=1, si_uid=0} ---",
            "7 <... select resumed>)                   = ? ERESTARTNOHAND (To be restarted if no handler)",
        ]
    )
    (call,) = trace.calls
    assert (call.result, call.errno, call.finished) == (None, "ERESTARTNOHAND", True)
    assert [signal.name for signal in trace.signals] == ["SIGUSR1"]


@pytest.mark.parametrize(
    ("line", "result", "errno", "note", "injected"),
    [
        ("close(3)                                = 0", 0, "", "", False),
        ("poll([{fd=3, events=POLLIN}], 1, 5) = 0 (Timeout)", 0, "", "Timeout", False),
        ("select(4, [3], NULL, NULL, NULL) = 1 (in [3])", 1, "", "in [3]", False),
        ("accept4(3, NULL, NULL, 0) = -1 EMFILE (Too many)", -1, "EMFILE", "Too many", False),
        ("recv(3, 0x1, 1, 0) = -1 EINTR (Interrupted) (INJECTED)", -1, "EINTR", "Interrupted", True),
        ("recv(3, 0x1, 1, 0) = 2 (INJECTED: args, retval)", 2, "", "", True),
        ("mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f00", 0x7F00, "", "", False),
        ('write(3, ") = 5 EBADF", 11) = 11', 11, "", "", False),
    ],
)
def test_results(line: str, result: int, errno: str, note: str, injected: bool) -> None:
    call = call_of(line)
    assert (call.result, call.errno, call.note, call.injected) == (result, errno, note, injected)


def test_a_new_descriptor_keeps_its_label() -> None:
    call = call_of("9 1.5 accept4(3<TCP:[[::1]:80]>, NULL, NULL, 0) = 6<TCPv6:[[::1]:80->[::1]:4711]> <0.000250>")
    assert (call.result, call.result_label) == (6, "TCPv6:[[::1]:80->[::1]:4711]")
    assert call.end_time == pytest.approx(1.50025)


def test_a_new_eventfd_has_one_name_whatever_its_counter_is() -> None:
    for told in ("anon_inode:[eventfd]", "{eventfd-count=0, eventfd-id=1, eventfd-semaphore=0}"):
        assert call_of(f"9 1.5 eventfd2(0, EFD_CLOEXEC) = 6<{told}>").result_label == "anon_inode:[eventfd]"


def test_an_exit_does_not_return() -> None:
    assert not call_of("exit_group(0)                           = ?").finished
    assert not call_of("9 <unfinished ...>) = ?".replace("9 ", "9 exit_group(0 ")).finished


@pytest.mark.parametrize(
    "head", ["", "42 ", "[pid    42] ", "1700000000.123456 ", "42 1700000000.123456 ", "42 10:11:12 "]
)
def test_every_way_strace_begins_a_line(head: str) -> None:
    call = call_of(head + "close(3) = 0")
    assert (call.name, call.thread) == ("close", 42 if "42" in head else 0)
    assert (call.time == 1700000000.123456) == ("1700000000" in head)


def test_the_call_stack_goes_with_its_call() -> None:
    trace = parse(
        [
            "1 read(3,  <unfinished ...>",
            "2 close(4) = 0",
            " > /usr/lib/libc.so.6(close+0x1) [0xf1]",
            '1 <... read resumed>"", 1) = 0',
            " > /usr/lib/libc.so.6(read+0x1) [0xf0]",
            " > a program(main+0x2) [0x10]",
        ]
    )
    read, close = trace.calls
    assert [frame.partition("(")[2].partition("+")[0] for frame in read.stack] == ["read", "main"]
    assert len(close.stack) == 1


def test_the_call_stack_of_a_signal_is_not_that_of_a_call() -> None:
    trace = parse(
        [
            "1 read(3, 0x7ffc, 1) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
            " > a program(main+0x2) [0x10]",
            "1 --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER} ---",
            " > a program(handled+0x2) [0x20]",
        ]
    )
    assert [len(call.stack) for call in trace.calls] == [1]
    assert [signal.stack for signal in trace.signals] == [("a program(handled+0x2) [0x20]",)]


def test_the_call_stack_at_the_end_is_that_of_the_thread_that_ends() -> None:
    trace = parse(
        [
            "2 exit(0)                                 = ?",
            "1 close(4) = 0",
            " > a program(main+0x2) [0x10]",
            "2 +++ exited with 0 +++",
            " > a program(worker+0x2) [0x20]",
        ]
    )
    assert [(call.name, call.stack) for call in trace.calls] == [
        ("exit", ("a program(worker+0x2) [0x20]",)),
        ("close", ("a program(main+0x2) [0x10]",)),
    ]


def test_what_nobody_knows_is_kept_and_counted() -> None:
    trace = parse(
        ["strace: Process 12 attached", "", "12 close(3) = 0", "12 <... read resumed>) = 1", "12 wri", "what?"]
    )
    assert len(trace.calls) == 1
    assert [(one.line, one.text) for one in trace.unknown] == [
        (4, "12 <... read resumed>) = 1"),
        (5, "12 wri"),
        (6, "what?"),
    ]
