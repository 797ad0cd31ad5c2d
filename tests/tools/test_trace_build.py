"""From recorded system calls to steps: who waited for what, who was told, and which descriptor it was."""

from __future__ import annotations

from itertools import pairwise

import pytest

from muxlab.trace.model import Accept, Ctl, Step, Transfer, WaitEnter, WaitReturn, Wake
from strace_fixtures import NAMES
from trace_stage import built, built_from, of_kind

EPOLL_HEAD = """\
7 1.000 socket(AF_INET, SOCK_STREAM, 0) = 3<TCP:[1]>
7 1.001 listen(3<TCP:[127.0.0.1:80]>, 9) = 0
7 1.002 epoll_create1(0) = 4<anon_inode:[eventpoll]>
7 1.003 epoll_ctl(4<anon_inode:[eventpoll]>, EPOLL_CTL_ADD, 3<TCP:[127.0.0.1:80]>, {events=EPOLLIN, data={u32=3, u64=3}}) = 0
7 1.004 accept4(3<TCP:[127.0.0.1:80]>, NULL, NULL, 0) = 5<TCP:[127.0.0.1:80->127.0.0.1:4711]>
"""  # noqa: E501
CLIENT = "5<TCP:[127.0.0.1:80->127.0.0.1:4711]>"
EPOLL = "4<anon_inode:[eventpoll]>"


def ctl(time: str, operation: str, events: str, client: str = CLIENT, fd: int = 5) -> str:
    event = "0x7ffc" if operation == "DEL" else f"{{events={events}, data={{u32={fd}, u64={fd}}}}}"
    return f"7 {time} epoll_ctl({EPOLL}, EPOLL_CTL_{operation}, {client}, {event}) = 0\n"


def wait(time: str, *events: str, fd: int = 5) -> str:
    told = ", ".join(f"{{events={one}, data={{u32={fd}, u64={fd}}}}}" for one in events)
    return f"7 {time} epoll_wait({EPOLL}, [{told}], 64, -1) = {len(events)}\n"


def asked(step: Step) -> dict[int, tuple[str, ...]]:
    assert isinstance(step.detail, WaitEnter)
    return {one.fd: one.events for one in step.detail.interest}


def last_asked(text: str) -> dict[int, tuple[str, ...]]:
    return asked(of_kind(built_from(EPOLL_HEAD + text).steps, "wait_enter")[-1])


@pytest.mark.parametrize("name", NAMES)
def test_every_wait_that_returns_was_entered_by_the_same_thread(name: str) -> None:
    inside: dict[int, Step] = {}
    for step in of_kind(built(name).steps, "wait_enter", "wait_return"):
        if step.kind == "wait_enter":
            assert step.tid not in inside
            inside[step.tid] = step
        else:
            entered = inside.pop(step.tid)
            assert entered.call == step.call
            assert entered.t <= step.t


@pytest.mark.parametrize("name", NAMES)
def test_numbers_and_times_only_grow(name: str) -> None:
    steps = built(name).steps
    assert [step.i for step in steps] == list(range(len(steps)))
    assert all(before.t <= after.t for before, after in pairwise(steps))
    assert steps[0].t == 0


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_was_asked_for(name: str) -> None:
    entered: dict[int, Step] = {}
    for step in of_kind(built(name).steps, "wait_enter", "wait_return"):
        if step.kind == "wait_enter":
            entered[step.tid] = step
        elif isinstance(step.detail, WaitReturn):
            interest = asked(entered[step.tid])
            for one in step.detail.ready:
                assert set(one.events) <= {*interest[one.fd], "ERR", "HUP"}


@pytest.mark.parametrize("name", NAMES)
def test_a_descriptor_is_used_only_while_it_is_open(name: str) -> None:
    result = built(name)
    lives = {one.id: one for one in result.descriptors}
    assert len(lives) == len(result.descriptors)
    for step in result.steps:
        if step.descriptor is None:
            continue
        one = lives[step.descriptor]
        assert one.fd == step.fd
        assert one.opened is None or one.opened <= step.i
        assert one.closed is None or step.i <= one.closed


@pytest.mark.parametrize("name", NAMES)
def test_both_clients_come_and_go(name: str) -> None:
    result = built(name)
    connections = [one for one in result.descriptors if one.kind == "connection"]
    assert len(connections) == 2
    for one in connections:
        assert one.opened is not None
        accept = result.steps[one.opened]
        assert isinstance(accept.detail, Accept)
        assert (accept.detail.new_descriptor, accept.detail.new_fd) == (one.id, one.fd)
        assert one.closed is not None
        assert result.steps[one.closed].kind in ("close", "exit")
        assert one.local
        assert one.peer
    assert [one.kind for one in result.descriptors].count("listener") == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_that_came_was_sent_back(name: str) -> None:
    moved = {"recv": 0, "send": 0}
    for step in of_kind(built(name).steps, "recv", "send"):
        assert isinstance(step.detail, Transfer)
        moved[step.kind] += step.detail.bytes or 0
        assert step.copied_out == (step.detail.bytes or 0 if step.kind == "recv" else 0)
    assert moved["recv"] == moved["send"] > 3000


def test_select_loses_the_bits_of_those_that_are_not_ready() -> None:
    steps = of_kind(built("select").steps, "wait_enter", "wait_return")
    for entered, returned in zip(steps[0::2], steps[1::2], strict=True):
        assert isinstance(entered.detail, WaitEnter)
        assert isinstance(returned.detail, WaitReturn)
        if returned.errno:
            assert returned.detail.cleared == ()
            continue
        told = {one.fd for one in returned.detail.ready}
        assert set(returned.detail.cleared) == set(asked(entered)) - told
        assert entered.detail.nfds is not None
        assert max(asked(entered)) < entered.detail.nfds
        assert (returned.scanned_kernel, returned.scanned_user) == (entered.detail.nfds, entered.detail.nfds)


def test_poll_looks_at_all_and_epoll_at_the_ready() -> None:
    for name, costs_all in (("poll", True), ("epoll_lt", False)):
        entered: dict[int, dict[int, tuple[str, ...]]] = {}
        for step in of_kind(built(name).steps, "wait_enter", "wait_return"):
            if isinstance(step.detail, WaitReturn) and step.detail.ready:
                expected = len(entered[step.tid]) if costs_all else len(step.detail.ready)
                assert step.scanned_kernel == expected
            elif step.kind == "wait_enter":
                entered[step.tid] = asked(step)


def test_level_triggered_lists_are_changed_and_edge_triggered_ones_are_not() -> None:
    operations = {}
    for name in ("epoll_lt", "epoll_et"):
        details = [step.detail for step in of_kind(built(name).steps, "ctl")]
        operations[name] = {detail.op for detail in details if isinstance(detail, Ctl)}
    assert operations["epoll_et"] == {"ADD"}
    assert "ADD" in operations["epoll_lt"]


def test_a_wake_up_goes_from_one_thread_to_another() -> None:
    result = built("threads")
    assert len(result.threads) == 3
    for write in of_kind(result.steps, "wake_write"):
        assert isinstance(write.detail, Wake)
        assert write.detail.value == 1
    first = of_kind(result.steps, "wake_write")[0]
    assert isinstance(first.detail, Wake)
    heard = next(
        step
        for step in result.steps[first.i :]
        if isinstance(step.detail, WaitReturn) and first.detail.reader in {one.descriptor for one in step.detail.ready}
    )
    assert heard.tid != first.tid
    drained = next(step for step in result.steps[heard.i :] if step.kind == "wake_drain")
    assert (drained.tid, drained.descriptor) == (heard.tid, first.descriptor)


def test_injected_errors_are_marked() -> None:
    steps = built("injected").steps
    assert {step.errno for step in steps if step.injected}
    assert not any(step.injected for step in built("poll").steps)


def test_the_interest_list_follows_epoll_ctl() -> None:
    assert last_asked(wait("1.1")) == {3: ("IN",)}
    assert last_asked(ctl("1.1", "ADD", "EPOLLIN|EPOLLET") + wait("1.2")) == {3: ("IN",), 5: ("IN", "ET")}
    changed = ctl("1.1", "ADD", "EPOLLIN") + ctl("1.2", "MOD", "EPOLLOUT")
    assert last_asked(changed + wait("1.3"))[5] == ("OUT",)
    assert last_asked(changed + ctl("1.3", "DEL", "") + wait("1.4")) == {3: ("IN",)}


def test_what_epoll_ctl_refuses_changes_nothing() -> None:
    refused = ctl("1.1", "ADD", "EPOLLIN").replace("= 0", "= -1 ENOSPC (No space left on device)")
    assert last_asked(refused + wait("1.2")) == {3: ("IN",)}


def test_closing_takes_a_descriptor_out_of_the_list() -> None:
    closed = ctl("1.1", "ADD", "EPOLLIN") + f"7 1.2 close({CLIENT}) = 0\n"
    assert last_asked(closed + wait("1.3")) == {3: ("IN",)}


def test_closing_one_of_two_descriptors_leaves_it_in_the_list() -> None:
    duplicated = ctl("1.1", "ADD", "EPOLLIN") + f"7 1.2 dup({CLIENT}) = 6{CLIENT[1:]}\n7 1.3 close({CLIENT}) = 0\n"
    assert last_asked(duplicated + wait("1.4"))[5] == ("IN",)
    assert last_asked(duplicated + f"7 1.4 close(6{CLIENT[1:]}) = 0\n" + wait("1.5")) == {3: ("IN",)}


def test_a_number_that_is_given_again_is_another_descriptor() -> None:
    accepted = "7 1.3 accept4(3<TCP:[127.0.0.1:80]>, NULL, NULL, 0) = 5<TCP:[127.0.0.1:80->127.0.0.1:99]>\n"
    result = built_from(EPOLL_HEAD + f"7 1.2 close({CLIENT}) = 0\n" + accepted)
    fives = [one for one in result.descriptors if one.fd == 5]
    assert [one.peer for one in fives] == ["127.0.0.1:4711", "127.0.0.1:99"]
    assert fives[0].closed is not None
    assert fives[1].closed is None


def test_a_oneshot_that_has_fired_is_silent() -> None:
    fired = ctl("1.1", "ADD", "EPOLLIN|EPOLLONESHOT") + wait("1.2", "EPOLLIN")
    assert last_asked(fired + wait("1.3"))[5] == ("ONESHOT",)
    assert last_asked(fired + ctl("1.3", "MOD", "EPOLLIN|EPOLLONESHOT") + wait("1.4"))[5] == ("IN", "ONESHOT")


def test_a_child_process_has_descriptors_of_its_own() -> None:
    forked = f"7 1.1 clone(child_stack=NULL, flags=SIGCHLD) = 8\n7 1.2 close({CLIENT}) = 0\n"
    echoed = f'8 1.3 read({CLIENT}, "hi", 9) = 2\n8 1.4 write({CLIENT}, "hi", 2) = 2\n8 1.5 +++ exited with 0 +++\n'
    result = built_from(EPOLL_HEAD + forked + echoed)
    fives = [one for one in result.descriptors if one.fd == 5]
    assert len(fives) == 2
    assert fives[0].pid != fives[1].pid
    assert all(one.closed is not None for one in fives)
    (received,) = of_kind(result.steps, "recv")
    assert received.descriptor == fives[1].id


def test_a_send_stands_before_the_wait_that_it_ends() -> None:
    """strace prints a wake-up's result after the other thread's return, which it caused."""
    result = built_from(
        "1 1.0 listen(3<TCP:[127.0.0.1:80]>, 9) = 0\n"
        "1 1.1 eventfd2(0, 0) = 6<anon_inode:[eventfd]>\n"
        "2 1.2 poll([{fd=6<anon_inode:[eventfd]>, events=POLLIN}], 1, -1 <unfinished ...>\n"
        '1 1.3 write(6<anon_inode:[eventfd]>, "\\1\\0\\0\\0\\0\\0\\0\\0", 8 <unfinished ...>\n'
        "2 1.4 <... poll resumed>) = 1 ([{fd=6, revents=POLLIN}])\n"
        "1 1.5 <... write resumed>) = 8\n"
    )
    assert [step.kind for step in result.steps[2:]] == ["wait_enter", "wake_write", "wait_return"]


def test_a_close_in_one_thread_and_an_accept_in_another_do_not_get_mixed_up() -> None:
    result = built_from(
        EPOLL_HEAD + "8 1.2 accept4(3<TCP:[127.0.0.1:80]>,  <unfinished ...>\n"
        f"7 1.3 close({CLIENT} <unfinished ...>\n"
        "8 1.4 <... accept4 resumed>NULL, NULL, 0) = 5<TCP:[127.0.0.1:80->127.0.0.1:99]>\n"
        "7 1.5 <... close resumed>) = 0\n"
    )
    old, new = [one for one in result.descriptors if one.fd == 5]
    assert old.closed is not None
    assert new.opened is not None
    assert old.closed < new.opened
    assert new.closed is None


def test_a_server_that_spins_is_cut_short() -> None:
    spin = "".join(f"7 2.{number:06} epoll_wait({EPOLL}, [], 64, 0) = 0\n" for number in range(500))
    result = built_from(EPOLL_HEAD + spin, limit=100)
    assert len(result.steps) == 100
    assert result.beyond == 2 * 500 + 5 - 100


def test_loading_a_program_is_left_out() -> None:
    loading = (
        '7 0.1 openat(AT_FDCWD, "/lib/libc.so.6", O_RDONLY) = 3</lib/libc.so.6>\n'
        '7 0.2 read(3</lib/libc.so.6>, "\\177ELF", 832) = 832\n'
        "7 0.3 close(3</lib/libc.so.6>) = 0\n"
    )
    result = built_from(loading + EPOLL_HEAD)
    assert result.left_out == 3
    assert result.steps[0].call == "socket"
    assert [one.fd for one in result.descriptors] == [3, 4, 5]


def test_a_pipe_that_is_stdout_wakes_nobody() -> None:
    result = built_from(EPOLL_HEAD + '7 2.0 write(1<pipe:[9]>, "hello", 5) = 5\n')
    assert result.steps[-1].kind == "other"


@pytest.mark.parametrize(
    "maker",
    [
        "pipe2([6<pipe:[9]>, 7<pipe:[9]>], 0)",
        "socketpair(AF_UNIX, 1, 0, [6<UNIX-STREAM:[1->2]>, 7<UNIX-STREAM:[2->1]>])",
    ],
)
def test_the_ends_of_a_channel_know_each_other(maker: str) -> None:
    end = "7<pipe:[9]>" if "pipe2" in maker else "7<UNIX-STREAM:[2->1]>"
    result = built_from(EPOLL_HEAD + f'7 2.0 {maker} = 0\n7 2.1 write({end}, "\\1", 1) = 1\n')
    write = result.steps[-1]
    assert isinstance(write.detail, Wake)
    reader = next(one for one in result.descriptors if one.id == write.detail.reader)
    assert (write.kind, write.fd, reader.fd) == ("wake_write", 7, 6)
