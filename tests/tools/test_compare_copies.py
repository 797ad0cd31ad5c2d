"""The bytes that a wait call moves: the formulas, with the numbers worked out by hand."""

from __future__ import annotations

import pytest

from muxlab.compare.copies import Copied, copied, epoll_event_bytes, fd_set_bytes
from muxlab.strace.decode import Wait, decode
from muxlab.strace.parse import parse


def wait_of(line: str) -> Wait:
    (step,) = decode(parse([line]))
    assert isinstance(step, Wait)
    return step


@pytest.mark.parametrize(("nfds", "size"), [(0, 0), (1, 8), (64, 8), (65, 16), (911, 120), (1024, 128)])
def test_fd_sets_are_copied_in_whole_longs(nfds: int, size: int) -> None:
    assert fd_set_bytes(nfds) == size


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pselect6(15, [3 5], [], NULL, NULL, NULL) = 1 (in [3])", Copied(16, 16)),
        ("select(65, [3], [4], [5], NULL) = 1 (in [3])", Copied(48, 48)),
        ("select(1024, [3], NULL, NULL, {tv_sec=1, tv_usec=0}) = 0 (Timeout)", Copied(128 + 16, 128 + 16)),
        ("select(8, [3], [], NULL, NULL) = -1 EINTR (Interrupted system call)", Copied(16, 0)),
        ("poll([{fd=3, events=POLLIN}], 11, -1) = 1 ([{fd=3, revents=POLLIN}])", Copied(88, 22)),
        ("poll([{fd=3, events=POLLIN}], 911, 5) = 0 (Timeout)", Copied(7288, 1822)),
        ("ppoll([{fd=3, events=POLLIN}], 1, {tv_sec=1, tv_nsec=0}, NULL, 8) = 0 (Timeout)", Copied(24, 18)),
        ("epoll_wait(5, [{events=EPOLLIN, data={u32=1, u64=1}}, ...], 256, -1) = 3", Copied(0, 36)),
        ("epoll_wait(5, [], 256, 0) = 0", Copied(0, 0)),
        ("epoll_wait(5, 0x7ffe, 256, -1) = -1 EINTR (Interrupted system call)", Copied(0, 0)),
    ],
)
def test_the_formulas(line: str, expected: Copied) -> None:
    assert copied(wait_of(line), "x86_64") == expected


def test_the_epoll_event_is_packed_on_x86_only() -> None:
    assert (epoll_event_bytes("x86_64"), epoll_event_bytes("aarch64"), epoll_event_bytes("riscv64")) == (12, 16, 16)
    wait = wait_of("epoll_pwait(5, [{events=EPOLLIN, data={u32=1, u64=1}}], 256, -1, NULL, 8) = 1")
    assert copied(wait, "aarch64") == Copied(0, 16)
