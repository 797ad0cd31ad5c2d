"""The trace of a server under test: its calls between two moments, injected faults, and how a failure tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grading_stage import each_lab, failure_of, lab_under_test, needs_strace, needs_tools
from muxlab.grading import arguments, descriptor_of, timeout_of
from muxlab.grading.command import sanitizer_options
from muxlab.grading.faults import in_words
from muxlab.grading.source_lines import SourceLines
from muxlab.grading.tell_calls import tell
from muxlab.grading.trace import TraceReader
from muxlab.strace.decode import SELECTS, Control, Wait
from muxlab.strace.parse import parse

pytestmark = [needs_tools, needs_strace]


@each_lab
def test_calls_are_counted_between_two_moments(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(trace=True)
        a, b = server.clients(2)
        b.pings()
        fd = server.fd_of(a)
        mark = server.mark()
        for _ in range(3):
            a.pings()
        server.quiet()
        received = [call for call in server.calls("recv", since=mark, fd=fd) if (call.result or 0) > 0]
        assert len(received) == 3
        assert server.calls("recvfrom", since=server.mark(), fd=fd) == []
        assert server.calls("accept", since=mark) == []
        waits = [call for call in server.calls("wait", since=mark) if call.finished]
        assert 1 <= len(waits) <= 6  # lab 04 may find the next byte where it looks for the end of the last
        assert {timeout_of(call) for call in waits} <= {None, 0.0}


def test_what_the_starter_did_is_not_the_servers() -> None:
    with lab_under_test("03") as lab:
        server = lab.start(trace=True, nofile=40)
        assert server.calls("execve", "prctl") == []
        (listens,) = server.calls("listen")
        assert descriptor_of(listens) == server.listener().number
        assert int(arguments(listens)[1]) > 100


def test_decoded_calls() -> None:
    with lab_under_test("01") as lab:
        server = lab.start(trace=True)
        client = server.client()
        client.pings()
        fd = server.fd_of(client)
        waits = [step for step in server.decoded("wait") if isinstance(step, Wait)]
        assert waits[-1].size == fd + 1
        assert [events.fd for events in waits[-1].ready] == [fd]
    with lab_under_test("04") as lab:
        server = lab.start(trace=True)
        client = server.client()
        (control,) = server.decoded("epoll_ctl", fd=server.fd_of(client))
        assert isinstance(control, Control)
        assert control.operation == "ADD"
        assert "ET" in control.bits


@each_lab
def test_an_injected_fault_comes_once_and_is_marked(number: str) -> None:
    with lab_under_test(number) as lab:
        server = lab.start(inject=["accept,accept4:error=ECONNABORTED:when=1"])
        server.client("A")
        server.client("B").pings()
        first = server.calls("accept")[0]
        assert (first.errno, first.injected) == ("ECONNABORTED", True)
        assert lab.story.steps[0].text == "server starts; the first accept fails: the client has gone (ECONNABORTED)"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("accept,accept4:error=ENOMEM", "every accept fails: no memory (ENOMEM)"),
        ("epoll_ctl:error=ENOSPC:when=3", "the third epoll_ctl fails: no room (ENOSPC)"),
        ("epoll_ctl:error=ENOSPC:when=14", "the 14th epoll_ctl fails: no room (ENOSPC)"),
        ("recvfrom,recvmsg:error=ECONNRESET:when=2", "the second recv fails: the connection is broken (ECONNRESET)"),
        (
            "?epoll_wait,epoll_pwait,?epoll_pwait2:error=EINTR:when=3+2",
            "every second wait call from the third on is interrupted by a signal (EINTR)",
        ),
        (
            "?select,pselect6:error=EINTR:when=2..3",
            "from the second to the third, each wait call is interrupted by a signal (EINTR)",
        ),
        ("sendto:error=EPIPE:when=2+", "every send from the second on fails: broken pipe (EPIPE)"),
        ("sendto:retval=3", "sendto made to fail (retval=3)"),
    ],
)
def test_a_fault_in_words(fault: str, words: str) -> None:
    assert in_words(fault) == words


@pytest.mark.parametrize(
    "nth", ["tenth", "11th", "12th", "13th", "20th", "21st", "22nd", "23rd", "24th", "101st", "111th"]
)
def test_which_call_fails_in_words(nth: str) -> None:
    number = 10 if nth == "tenth" else int(nth[:-2])
    assert in_words(f"accept:error=ENOMEM:when={number}") == f"the {nth} accept fails: no memory (ENOMEM)"


def test_the_last_calls_begin_with_the_servers_own(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    path.write_text(
        '7 execve("./a", ["./a"], 0x1) = 0\n'
        '7 read(3</lib/libc.so.6>, "ELF", 832) = 832\n'
        "7 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[1]>\n"
        "7 accept(3<TCP:[1]>, "
    )
    calls = TraceReader(path).last_calls(None, path, asleep=True)
    assert [call.split("(")[0] for call in calls] == ["socket", "accept"]


GIVES_UP = """\
7 0.1 pselect6(6, [3 5], [], NULL, NULL, NULL) = -1 EINVAL (Invalid argument)
7 0.2 close(6) = 0
7 0.3 close(5) = 0
7 0.4 close(4) = 0
7 0.5 close(3) = 0
7 0.6 close(3) = -1 EBADF (Bad file descriptor)
7 0.7 write(2, "select", 6) = 6
7 0.8 write(2, "\\n", 1) = 1
7 0.9 exit_group(1) = ?
8 0.9 exit_group(0 <unfinished ...>
"""


def test_tidying_up_does_not_hide_why_it_gave_up() -> None:
    calls = parse(GIVES_UP.splitlines()).calls
    assert tell(calls, None, SourceLines(Path("/nowhere")), asleep=True) == [
        "pselect6 = -1 EINVAL",
        "close(6), close(5), close(4), close(3)",
        "close(3) = -1 EBADF",
        "write(2, 6), write(2, 1)",
    ]


def test_undefined_behaviour_is_told_with_its_callers() -> None:
    """The line at fault is often one of a standard header. Who wants it otherwise has the last word."""
    assert sanitizer_options({})["UBSAN_OPTIONS"] == "exitcode=86:print_stacktrace=1"
    options = sanitizer_options({"UBSAN_OPTIONS": "print_stacktrace=0", "HOME": "/root"})
    assert options["UBSAN_OPTIONS"].endswith(":print_stacktrace=0")
    assert options["ASAN_OPTIONS"] == "exitcode=86"
    assert "HOME" not in options


FORGETS_DATA = """\
7 0.1 epoll_ctl(6, EPOLL_CTL_ADD, 3, {events=EPOLLIN, data={u32=3, u64=3}}) = 0
7 0.2 epoll_ctl(6, EPOLL_CTL_ADD, 7, {events=EPOLLIN, data={u32=0, u64=0}}) = 0
7 0.3 epoll_ctl(6, EPOLL_CTL_ADD, 8, {events=EPOLLIN, data={u32=1432778632, u64=94210318534536}}) = 0
7 0.4 epoll_ctl(6, EPOLL_CTL_DEL, 7, NULL) = 0
"""


def test_data_that_is_not_the_descriptor_is_told() -> None:
    """The classic slip, and the server ends far from it. A pointer is as good as a descriptor's number."""
    calls = parse(FORGETS_DATA.splitlines()).calls
    assert tell(calls, None, SourceLines(Path("/nowhere")), asleep=True) == [
        "epoll_ctl ADD fd 3: IN = 0",
        "epoll_ctl ADD fd 7: IN, data 0 = 0",
        "epoll_ctl ADD fd 8: IN = 0",
        "epoll_ctl DEL fd 7: nothing = 0",
    ]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("epoll_wait(4, [], 256, -1) = 0", None),
        ("epoll_wait(4, [], 256, 0) = 0", 0.0),
        ("poll([{fd=3, events=POLLIN}], 1, 250) = 0 (Timeout)", 250.0),
        ("select(4, [3], NULL, NULL, {tv_sec=1, tv_usec=500000}) = 0 (Timeout)", 1500.0),
        ("ppoll([{fd=3, events=POLLIN}], 1, {tv_sec=0, tv_nsec=2000000}, NULL, 8) = 0 (Timeout)", 2.0),
        ("select(4, [3], NULL, NULL, NULL) = 1 (in [3])", None),
        ("pselect6(4, [3], NULL, NULL, NULL, NULL) = 1 (in [3])", None),
        ("epoll_pwait2(4, [], 8, NULL, NULL, 8) = 0", None),
    ],
)
def test_time_outs(text: str, milliseconds: float | None) -> None:
    (call,) = parse([text]).calls
    assert timeout_of(call) == milliseconds


@pytest.mark.parametrize(
    ("number", "file"), [("01", "select_server.cpp"), ("02", "poll_server.cpp"), ("04", "epoll_server.cpp")]
)
def test_the_second_telling_has_the_source_lines(number: str, file: str) -> None:
    with lab_under_test(number, retelling=True) as lab:
        server = lab.start()
        client = server.client()
        client.pings()
        failed = failure_of(client.expects_hung_up, server)
        fd = server.fd_of(client)
        assert failed.calls_title == f"last calls on fd {fd} (A)"
        *before, last = failed.calls
        assert all(line.startswith(f"{file}:") for line in failed.calls)
        assert last.endswith("← asleep here")
        assert any(line.endswith(f"recvfrom({fd}, 16384) = 1") for line in before)
        assert any("→" in line for line in before)


def test_without_it_the_calls_are_told_if_the_test_was_traced() -> None:
    with lab_under_test("03") as lab:
        server = lab.start(trace=True)
        client = server.client()
        client.pings()
        failed = failure_of(lambda: server.check("it holds", False, "so", client), server)
        assert any(line.startswith("recvfrom(") for line in failed.calls)
        assert not any(".cpp" in line for line in failed.calls)


def test_the_trace_is_complete_when_the_server_has_ended() -> None:
    with lab_under_test("05") as lab:
        server = lab.start(trace=True)
        server.client().pings()
        server.stops()
        assert server.calls("exit_group")
        assert server.calls("wait")
        assert all(call.name not in SELECTS for call in server.calls("wait"))


def test_the_trace_files_are_gone_afterwards() -> None:
    with lab_under_test("03") as lab:
        path = lab.start(trace=True).trace.path
        assert path.exists()
    assert not Path(path).exists()
