"""Who is measured: the labs, the floors (the least code that can do the job), and well-known event loops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muxlab.bench.model import Subject
from muxlab.project import Project

QUIET = ("--log", "error")
LABS = (
    Subject("01_select", "lab 01 select", "lab", "floor_select", QUIET),
    Subject("02_poll", "lab 02 poll", "lab", "floor_poll", QUIET),
    Subject("03_epoll_lt", "lab 03 epoll LT", "lab", "floor_epoll_lt", QUIET),
    Subject("04_epoll_et", "lab 04 epoll ET", "lab", "floor_epoll_et", QUIET),
    Subject("05_cross_thread_wakeup", "lab 05, one worker", "lab", "floor_epoll_lt_thread", (*QUIET, "--threads", "1")),
)
FLOORS = (
    Subject("floor_select", "select", "floor", "floor_select"),
    Subject("floor_poll", "poll", "floor", "floor_poll"),
    Subject("floor_epoll_lt", "epoll LT", "floor", "floor_epoll_lt"),
    Subject("floor_epoll_lt_thread", "epoll LT in a 2nd thread", "floor", "floor_epoll_lt_thread"),
    Subject("floor_epoll_et", "epoll ET, to EAGAIN", "floor", "floor_epoll_et"),
    Subject("floor_epoll_et_short", "epoll ET, to a short read", "floor", "floor_epoll_et_short"),
    Subject("floor_threads", "thread per client", "floor", "floor_threads"),
    Subject("floor_uring", "io_uring", "floor", "floor_uring"),
)
PEERS = (
    Subject("peer_libev", "libev", "peer", "floor_epoll_lt"),
    Subject("peer_libevent_raw", "libevent, raw event", "peer", "floor_epoll_lt"),
    Subject("peer_libevent_bufferevent", "libevent, bufferevent", "peer", "floor_epoll_lt"),
    Subject("peer_libuv_try", "libuv, uv_try_write", "peer", "floor_epoll_lt"),
    Subject("peer_libuv", "libuv, uv_write", "peer", "floor_epoll_lt"),
    Subject("peer_asio", "asio", "peer", "floor_epoll_lt"),
)
SERVERS = (*LABS, *FLOORS, *PEERS)
IDLE = (*(lab.id for lab in LABS), "floor_select", "floor_poll", "floor_epoll_lt")
SELECT_LIMIT = 1_000  # clients that lab 01 can have beside its own descriptors, a little less than FD_SETSIZE


def can_serve(subject: Subject, clients: int) -> bool:
    """Only lab 01 says no to clients before the descriptors run out: that is what the lab is about."""
    return subject.id != "01_select" or clients <= SELECT_LIMIT


def present(project: Project, preset: str, subjects: Sequence[Subject]) -> list[Subject]:
    """Those that were built: a peer is left out where its library is not installed."""
    return [subject for subject in subjects if program(project, preset, subject).exists()]


def program(project: Project, preset: str, subject: Subject) -> Path:
    return project.build_dir(preset) / "bin" / subject.id
