"""Scenes: what lies between two marks is counted, and nothing else."""

from __future__ import annotations

import pytest

from muxlab.compare.count import Scene, Split, scenes
from muxlab.errors import MuxlabError
from muxlab.strace.decode import decode
from muxlab.strace.parse import parse

HEAD = """\
1 epoll_ctl(4, EPOLL_CTL_ADD, 6, {events=EPOLLIN, data={u32=6, u64=6}}) = 0
1 epoll_ctl(4, EPOLL_CTL_ADD, 7, {events=EPOLLIN, data={u32=7, u64=7}}) = 0
1 epoll_wait(4, [{events=EPOLLIN, data={u32=6, u64=6}}], 256, -1) = 1
1 recvfrom(6, "muxlab scene one\\n", 1024, 0, NULL, NULL) = 17
1 sendto(6, "muxlab scene one\\n", 17, MSG_NOSIGNAL, NULL, 0) = 17
1 recvfrom(6, 0x55d0, 1024, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
"""
MIDDLE = """\
1 epoll_wait(4, [{events=EPOLLIN, data={u32=7, u64=7}}], 256, -1) = 1
1 recvfrom(7, "hello", 1024, 0, NULL, NULL) = 5
1 sendto(7, "hello", 5, MSG_NOSIGNAL, NULL, 0) = 5
1 epoll_ctl(4, EPOLL_CTL_DEL, 7, NULL) = 0
1 close(7) = 0
"""
TAIL = """\
1 epoll_wait(4, [{events=EPOLLIN, data={u32=6, u64=6}}], 256, -1) = 1
1 recvfrom(6, "muxlab scene \\n", 1024, 0, NULL, NULL) = 14
1 sendto(6, "muxlab scene \\n", 14, MSG_NOSIGNAL, NULL, 0) = 14
1 epoll_wait(4, 0x7ffe, 256, -1) = -1 EINTR (Interrupted system call)
"""


def scene_of(text: str, name: str = "one") -> Scene:
    return scenes(decode(parse(text.splitlines())))[name]


def test_the_client_that_sets_the_marks_does_not_count() -> None:
    scene = scene_of(HEAD + MIDDLE + TAIL)
    assert scene.split() == Split(wait=1, receive=1, send=1, other=2)
    assert scene.split().total == 5
    assert (scene.events(), scene.reported()) == (1, [("IN",)])
    assert [control.operation for control in scene.controls] == ["DEL"]


def test_a_scene_in_which_nothing_happens_is_empty() -> None:
    scene = scene_of(HEAD + TAIL)
    assert scene.steps == ()
    assert scene.split().total == 0


def test_a_wait_that_tells_of_both_counts_without_the_mark() -> None:
    both = (
        "1 epoll_wait(4, [{events=EPOLLIN, data={u32=6, u64=6}}, {events=EPOLLIN, data={u32=7, u64=7}}], 9, -1) = 2\n"
    )
    scene = scene_of(HEAD + both + TAIL)
    assert (len(scene.waits), scene.events()) == (1, 1)


def test_a_wait_belongs_to_the_scene_in_which_it_returns() -> None:
    text = HEAD.replace(
        "1 epoll_wait(4, [", "2 poll([{fd=8, events=POLLIN}], 1, -1 <unfinished ...>\n1 epoll_wait(4, [", 1
    )
    resumed = "2 <... poll resumed>) = 1 ([{fd=8, revents=POLLIN}])\n"
    assert scene_of(text + resumed + TAIL).reported() == [("IN",)]


def test_the_last_scene_needs_no_end() -> None:
    assert scene_of(HEAD + MIDDLE).split().total == 5


def test_marks_may_be_written_by_the_program_itself() -> None:
    lines = ['1 write(1, "muxlab scene bare\\n", 18) = 18', "1 close(5) = 0", '1 write(1, "muxlab scene \\n", 14) = 14']
    found = scenes(decode(parse(lines)), written=True)
    assert found["bare"].split() == Split(0, 0, 0, 1)


def test_a_trace_without_marks_is_an_error() -> None:
    with pytest.raises(MuxlabError, match="no marks"):
        scenes(decode(parse(MIDDLE.splitlines())))
