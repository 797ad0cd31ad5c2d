"""What calls mean: interest and ready sets, transfers, epoll's interest list; and the notation they are written in."""

from __future__ import annotations

import pytest

from muxlab.strace.decode import Control, Decoder, Events, Other, Step, Transfer, Wait, decode
from muxlab.strace.parse import parse
from muxlab.strace.text import descriptor, flags, label, number, split, unquote
from strace_fixtures import steps_of, transfers_of, waits_of


def step_of(line: str) -> Step:
    (step,) = decode(parse([line]))
    return step


def wait_of(line: str) -> Wait:
    step = step_of(line)
    assert isinstance(step, Wait)
    return step


def test_select_asks_with_bits_and_answers_with_bits() -> None:
    wait = wait_of(
        "select(8, [3 5 7], [5], NULL, {tv_sec=1, tv_usec=0}) = 3 (in [3], out [5], left {tv_sec=0, tv_usec=9})"
    )
    assert (wait.mechanism, wait.size, wait.sets, wait.timespec) == ("select", 8, 2, True)
    assert wait.interest == (
        Events(3, ("readable",)),
        Events(5, ("readable", "writable")),
        Events(7, ("readable",)),
    )
    assert wait.ready == (Events(3, ("readable",)), Events(5, ("writable",)))


def test_pselect6_with_labels_and_without_a_timeout() -> None:
    wait = wait_of("pselect6(6, [3<TCP:[127.0.0.1:1->127.0.0.1:2]> 5<a file>], [], NULL, NULL, NULL) = 1 (in [5])")
    assert [one.fd for one in wait.interest] == [3, 5]
    assert (wait.sets, wait.timespec, wait.ready) == (2, False, (Events(5, ("readable",)),))


def test_poll_keeps_question_and_answer_apart() -> None:
    wait = wait_of(
        "poll([{fd=5<anon_inode:[eventfd]>, events=POLLIN}, {fd=-1}, {fd=7, events=POLLIN|POLLOUT}], 3, -1) "
        "= 2 ([{fd=5, revents=POLLIN}, {fd=7, revents=POLLIN|POLLERR|POLLHUP}])"
    )
    assert (wait.mechanism, wait.size, wait.timespec, wait.abbreviated) == ("poll", 3, False, False)
    assert [one.fd for one in wait.interest] == [5, -1, 7]
    assert wait.interest[2].bits == ("IN", "OUT")
    assert wait.ready == (Events(5, ("IN",)), Events(7, ("IN", "ERR", "HUP")))


def test_an_eventfd_that_is_named_by_its_counter_takes_nothing_apart() -> None:
    wait = wait_of(
        "select(6, [3<TCP:[127.0.0.1:80]> 5<{eventfd-count=0, eventfd-id=1, eventfd-semaphore=0}>], NULL, NULL, NULL) "
        "= 1 (in [5])"
    )
    assert [one.fd for one in wait.interest] == [3, 5]
    assert [one.fd for one in wait.ready] == [5]


def test_ppoll_has_a_timeout_by_address() -> None:
    wait = wait_of("ppoll([{fd=3, events=POLLIN}], 1, {tv_sec=2, tv_nsec=0}, NULL, 8) = 0 (Timeout)")
    assert (wait.timespec, wait.timed_out, wait.ready) == (True, True, ())


def test_a_long_array_is_known_to_be_abbreviated() -> None:
    wait = wait_of("poll([{fd=3, events=POLLIN}, ...], 900, -1) = 1 ([{fd=3, revents=POLLIN}])")
    assert (wait.size, wait.abbreviated, len(wait.interest)) == (900, True, 1)


@pytest.mark.parametrize(
    "event",
    [
        "{events=EPOLLIN|EPOLLET, data={u32=1, u64=4294967297}}",
        "{EPOLLIN|EPOLLET, {u32=1, u64=4294967297}}",  # older versions of strace
        "{events=EPOLLIN|EPOLLET, data=0x100000001}",  # newer ones
    ],
)
def test_epoll_events_are_told_by_what_was_registered(event: str) -> None:
    add, wait = decode(
        parse([f"epoll_ctl(5, EPOLL_CTL_ADD, 9, {event}) = 0", f"epoll_wait(5, [{event}], 256, -1) = 1"])
    )
    assert isinstance(add, Control)
    assert (add.operation, add.epoll_fd, add.fd, add.bits, add.data) == ("ADD", 5, 9, ("IN", "ET"), 4294967297)
    assert isinstance(wait, Wait)
    assert (wait.size, wait.ready) == (256, (Events(9, ("IN", "ET")),))


def test_an_event_registered_before_the_trace_began_has_no_descriptor() -> None:
    assert wait_of("epoll_wait(5, [{events=EPOLLIN, data={u32=1, u64=1}}], 9, -1) = 1").ready == (Events(-1, ("IN",)),)


def test_two_epoll_instances_do_not_mix() -> None:
    decoder = Decoder()
    lines = [
        "epoll_ctl(5, EPOLL_CTL_ADD, 9, {events=EPOLLIN, data={u32=1, u64=1}}) = 0",
        "epoll_ctl(6, EPOLL_CTL_ADD, 8, {events=EPOLLIN, data={u32=1, u64=1}}) = 0",
        "epoll_ctl(6, EPOLL_CTL_ADD, 7, {events=EPOLLIN, data={u32=1, u64=1}}) = -1 ENOSPC (No space left on device)",
        "epoll_wait(6, [{events=EPOLLIN, data={u32=1, u64=1}}], 9, -1) = 1",
    ]
    last = [decoder.step(call) for call in parse(lines).calls][-1]
    assert isinstance(last, Wait)
    assert last.ready[0].fd == 8


@pytest.mark.parametrize(
    "line", ["epoll_wait(5, 0x7ffe, 256, -1) = -1 EINTR (Interrupted system call)", "epoll_wait(5, [], 256, 0) = 0"]
)
def test_a_wait_without_an_answer(line: str) -> None:
    wait = wait_of(line)
    assert wait.ready == ()
    assert wait.failed != wait.timed_out


def test_a_deletion_has_no_bits() -> None:
    step = step_of("epoll_ctl(5, EPOLL_CTL_DEL, 9<TCP:[127.0.0.1:1->127.0.0.1:2]>, 0x7f3e4bf3af93) = 0")
    assert step == Control(step.call, 5, "DEL", 9, (), None)


def test_transfers() -> None:
    got = step_of('recvfrom(6<TCP:[127.0.0.1:1->127.0.0.1:2]>, "a\\0\\n"..., 1024, 0, NULL, NULL) = 700')
    assert got == Transfer(got.call, False, 6, "TCP:[127.0.0.1:1->127.0.0.1:2]", b"a\0\n", 1024)
    assert isinstance(got, Transfer)
    assert got.moved == 700
    failed = step_of("recvfrom(6, 0x55d0, 1024, 0, NULL, NULL) = -1 ECONNRESET (Connection reset by peer)")
    assert isinstance(failed, Transfer)
    assert (failed.data, failed.moved, failed.call.errno) == (b"", 0, "ECONNRESET")
    vector = step_of('writev(6, [{iov_base="a", iov_len=1}], 1) = 1')
    assert isinstance(vector, Transfer)
    assert (vector.outward, vector.asked, vector.moved) == (True, None, 1)


@pytest.mark.parametrize(
    "line", ["close(3) = 0", "select(oops) = 0", "epoll_wait(3) = 1", "poll() = 0", "read(AT_FDCWD) = 0"]
)
def test_what_cannot_be_decoded_is_passed_on(line: str) -> None:
    assert isinstance(step_of(line), Other)


@pytest.mark.parametrize("name", ["select", "poll", "epoll_lt", "epoll_et", "threads"])
def test_a_recorded_server_reads_only_what_a_wait_told_of(name: str) -> None:
    told: set[int] = set()
    for step in steps_of(name):
        if isinstance(step, Wait):
            told |= {event.fd for event in step.ready}
        elif isinstance(step, Transfer) and not step.outward and step.label.startswith("TCP"):
            assert step.fd in told
    assert -1 not in told


@pytest.mark.parametrize("name", ["select", "poll", "epoll_lt", "epoll_et", "threads", "injected"])
def test_a_recorded_server_sent_what_it_received(name: str) -> None:
    transfers = transfers_of(name)
    received = sum(one.moved for one in transfers if not one.outward)
    assert received == sum(one.moved for one in transfers if one.outward) == 4 * 24 + 3000
    assert b'hello = 1) "quoted" = \0\n' in {one.data for one in transfers}


def test_what_the_recorded_servers_were_told_of_a_reset() -> None:
    def last_before_the_stop(name: str) -> tuple[str, ...]:
        return [wait.ready[0].bits for wait in waits_of(name) if wait.ready][-2]

    assert {name: last_before_the_stop(name) for name in ("select", "poll", "epoll_lt", "epoll_et")} == {
        "select": ("readable",),
        "poll": ("IN", "ERR", "HUP"),
        "epoll_lt": ("IN", "ERR", "HUP"),
        "epoll_et": ("IN", "OUT", "ERR", "HUP"),
    }


def test_split_knows_what_belongs_together() -> None:
    parts = [
        "5<TCP:[1.2.3.4:1->5.6.7.8:2]>",
        r'"a, \"b\" ("',
        "{x=1, y=[2, 3]}",
        "1<<CAP_KILL /* a, b */",
        "4</dev/null<char 1:3>>",
        "NULL",
    ]
    assert split(", ".join(parts)) == parts


@pytest.mark.parametrize("text", ['"abc', '"abc\\', "[1, 2", "5<TCP:[a->b", "/* x", "{a=", ")", ""])
def test_split_does_not_mind_a_cut(text: str) -> None:
    assert split(text) == ([text] if text else [])


def test_the_small_pieces() -> None:
    assert descriptor("5</dev/null<char 1:3>>") == 5
    assert descriptor("-1") == -1
    assert descriptor("AT_FDCWD</>") is None
    assert label("5</dev/null<char 1:3>>") == "/dev/null<char 1:3>"
    assert label("AT_FDCWD</>") == "/"
    assert label("5") == ""
    assert label("5<{eventfd-count=0x1, eventfd-id=7, eventfd-semaphore=0}>") == "anon_inode:[eventfd]"
    assert (number("0x1f"), number("-1"), number("NULL")) == (31, -1, None)
    assert flags("POLLIN|POLLHUP|0x400", "POLL") == ("IN", "HUP", "0x400")
    assert flags("0", "POLL") == ()


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('"abc"...', b"abc"),
        (r'"\0\1012\377\n\t\"\\"', b'\0A2\xff\n\t"\\'),
        (r'"\x00\xff"', b"\x00\xff"),
        ('"cut\\', b"cut"),
        ("0x7ffe", None),
    ],
)
def test_strings(text: str, data: bytes | None) -> None:
    assert unquote(text) == data
