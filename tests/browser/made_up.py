"""Traces made by hand, one for each mechanism: small echo servers that are played here, not run.

They hold what a real trace holds, so that the page's tests need neither strace nor a build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LISTENER, STOP, EPOLL = 3, 4, 5
READ_SIZE = 4096

Action = tuple[str, str, int]
"""Client, what it does, bytes."""

HELLO: Sequence[Sequence[Action]] = (
    (),
    (("A", "connects", 0),),
    (("A", "sends", 5),),
    (("A", "half_closes", 0),),
)
TWO: Sequence[Sequence[Action]] = (
    (),
    (("A", "connects", 0),),
    (("B", "connects", 0),),
    (("B", "sends", 7),),
    (("A", "sends", 5), ("B", "sends", 7)),
    (("A", "sends", 10_000),),
    (("A", "half_closes", 0), ("B", "half_closes", 0)),
)
SCENARIOS = {
    "hello": ("Hello", "One client connects, says hello, and leaves.", HELLO),
    "two-clients": ("Two clients, interleaved", "A and B speak in turn, then at once.", TWO),
}
FILES = {
    "01": "labs/01_select/select_server.cpp",
    "02": "labs/02_poll/poll_server.cpp",
    "03": "labs/03_epoll_lt/epoll_server.cpp",
    "04": "labs/04_epoll_et/epoll_server.cpp",
    "05": "labs/05_cross_thread_wakeup/event_loop.cpp",
}
NAMES = {"01": "01_select", "02": "02_poll", "03": "03_epoll_lt", "04": "04_epoll_et", "05": "05_cross_thread_wakeup"}
MECHANISMS = {"01": "select", "02": "poll", "03": "epoll", "04": "epoll", "05": "loop"}
CALLS = {"select": "select", "poll": "poll", "epoll": "epoll_wait", "loop": "epoll_wait"}


@dataclass
class Played:
    """One server while it is being played."""

    lab: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    clients: list[dict[str, Any]] = field(default_factory=list)
    descriptors: dict[int, dict[str, Any]] = field(default_factory=dict)
    inbox: dict[int, int] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)
    arriving: list[str] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)
    beat: int = 0
    next_fd: int = 8

    @property
    def mechanism(self) -> str:
        return MECHANISMS[self.lab]

    def step(self, kind: str, call: str, search: str, fd: int | None = None, tid: int = 100, **more: object) -> None:
        i = len(self.steps)
        file, line = find(FILES[self.lab], search)
        step = {"i": i, "t": i * 0.0001, "seconds": 0.00002, "tid": tid, "beat": self.beat, "kind": kind, "call": call}
        step |= {"fd": fd, "descriptor": self.descriptors[fd]["id"] if fd in self.descriptors else None}
        step |= {"line": f"{call}({'' if fd is None else fd}…)", "errno": None}
        step["stack"] = [{"function": f"lab{self.lab}::{search}", "file": file, "line": line}]
        step |= {"copied_in": 0, "copied_out": 0, "scanned_kernel": 0, "scanned_user": 0}
        self.steps.append(step | more)

    def open(self, fd: int, kind: str, client: str | None = None) -> None:
        self.descriptors[fd] = {
            "id": f"d{len(self.descriptors) + len(self.closed)}",
            "fd": fd,
            "kind": kind,
            "local": "127.0.0.1:7",
            "peer": None,
            "client": client,
            "opened": len(self.steps),
            "closed": None,
        }

    def interest(self) -> list[dict[str, Any]]:
        edge = ["ET"] if self.lab == "04" else []
        stop = [] if self.mechanism == "loop" else [one(STOP, self.descriptors, ["IN"])]
        waker = [one(6, self.descriptors, ["IN"])] if self.mechanism == "loop" else []
        rest = [
            one(fd, self.descriptors, ["IN", *(["OUT"] if edge and fd != LISTENER else []), *edge])
            for fd in sorted(self.descriptors)
            if self.descriptors[fd]["kind"] in ("listener", "connection")
        ]
        return [*stop, *waker, *rest]

    def ready(self) -> list[dict[str, Any]]:
        told = [fd for fd in sorted(self.inbox) if self.inbox[fd] or fd in self.finished]
        listener = [one(LISTENER, self.descriptors, ["IN"])] if self.arriving else []
        return listener + [one(fd, self.descriptors, ["IN"]) for fd in told]


def one(fd: int, descriptors: dict[int, dict[str, Any]], events: list[str]) -> dict[str, Any]:
    return {"fd": fd, "descriptor": descriptors[fd]["id"] if fd in descriptors else None, "events": events}


def find(file: str, search: str) -> tuple[str, int]:
    """The place in the lab's source; line 1 where the text is not found."""
    for number, line in enumerate((ROOT / file).read_text(encoding="utf-8").splitlines(), 1):
        if search in line:
            return file, number
    return file, 1


def enter(server: Played) -> None:
    interest = server.interest()
    nfds = max(entry["fd"] for entry in interest) + 1
    copied = {"select": 16, "poll": 8 * len(interest)}.get(server.mechanism, 0)
    scanned = len(interest) if server.mechanism in ("select", "poll") else 0
    server.step(
        "wait_enter",
        CALLS[server.mechanism],
        f"::{CALLS[server.mechanism]}(",
        EPOLL if server.mechanism in ("epoll", "loop") else None,
        interest=interest,
        nfds=nfds if server.mechanism == "select" else None,
        timeout_ms=None,
        maxevents=256,
        copied_in=copied,
        scanned_kernel=scanned,
    )


def tell(server: Played, ready: list[dict[str, Any]]) -> None:
    interest = server.interest()
    told = {entry["fd"] for entry in ready}
    copied = {"select": 16, "poll": 2 * len(interest)}.get(server.mechanism, 12 * len(ready))
    server.step(
        "wait_return",
        CALLS[server.mechanism],
        f"::{CALLS[server.mechanism]}(",
        EPOLL if server.mechanism in ("epoll", "loop") else None,
        ready=ready,
        cleared=[entry["fd"] for entry in interest if entry["fd"] not in told] if server.lab == "01" else [],
        timed_out=False,
        result=len(ready),
        copied_out=copied,
        scanned_kernel=len(ready),
        scanned_user=len(ready) if server.mechanism in ("epoll", "loop") else max(e["fd"] for e in interest) + 1,
    )


def accept(server: Played) -> None:
    while server.arriving:
        client = server.arriving.pop(0)
        fd = server.next_fd
        server.next_fd += 1
        server.open(fd, "connection", client)
        more = {"new_fd": fd, "new_descriptor": server.descriptors[fd]["id"], "copied_out": 16}
        server.step("accept", "accept4", "listener_.accept", LISTENER, **more)
        server.inbox[fd] = 0
        if server.mechanism in ("epoll", "loop"):
            watched = next(entry for entry in server.interest() if entry["fd"] == fd)
            more = {"op": "ADD", "target": fd, "target_descriptor": watched["descriptor"], "events": watched["events"]}
            server.step("ctl", "epoll_ctl", "::epoll_ctl(", EPOLL, copied_in=12, **more)
    server.step("accept", "accept4", "listener_.accept", LISTENER, errno="EAGAIN")


def serve(server: Played, fd: int) -> None:
    for _ in range(16):
        got = min(server.inbox[fd], READ_SIZE)
        if got:
            server.inbox[fd] -= got
            text = "hello\\n"[: got + 1]
            server.step("recv", "recvfrom", "readSome", fd, asked=READ_SIZE, bytes=got, text=text, copied_out=got)
            server.step("send", "sendto", "readSome", fd, asked=got, bytes=got, text=text, copied_in=got)
        elif fd in server.finished:
            server.step("recv", "recvfrom", "readSome", fd, asked=READ_SIZE, bytes=0, text="")
            server.step("close", "close", "connections_.erase(fd)", fd)
            server.finished.discard(fd)
            del server.inbox[fd]
            server.closed.append(server.descriptors.pop(fd) | {"closed": len(server.steps) - 1})
            return
        else:
            server.step("recv", "recvfrom", "readSome", fd, asked=READ_SIZE, bytes=None, errno="EAGAIN")
            return
        if server.lab != "04":
            return  # level-triggered: the next wait tells of the rest


def play(lab: str, scenario: str) -> dict[str, Any]:
    title, what, beats = SCENARIOS[scenario]
    server = Played(lab)
    server.open(LISTENER, "listener")
    server.step("open", "socket", "listener_(options)", LISTENER)
    server.open(STOP if server.mechanism != "loop" else 6, "eventfd")
    if server.mechanism in ("epoll", "loop"):
        server.open(EPOLL, "epoll")
        for entry in server.interest():
            more = {"op": "ADD", "target": entry["fd"], "target_descriptor": entry["descriptor"]}
            server.step("ctl", "epoll_ctl", "::epoll_ctl(", EPOLL, copied_in=12, events=entry["events"], **more)
    enter(server)
    for beat, actions in enumerate(beats):
        server.beat = beat
        for client, action, size in actions:
            act(server, client, action, size)
        while ready := server.ready():
            if server.mechanism == "loop" and any(entry["fd"] != LISTENER for entry in ready):
                server.step("wake_write", "write", "waker_->wake()", 6, tid=101, value=1, bytes=8, copied_in=8)
                ready = [one(6, server.descriptors, ["IN"]), *ready]
            tell(server, ready)
            for entry in ready:
                if entry["fd"] == LISTENER:
                    accept(server)
                elif entry["fd"] == 6:
                    server.step("wake_drain", "read", "waker_->drain()", 6, value=1, bytes=8, copied_out=8)
                else:
                    serve(server, entry["fd"])
            enter(server)
    return {
        "schema": "muxlab-trace/1",
        "program": {"name": NAMES[lab], "lab": lab, "mechanism": server.mechanism, "argv": [NAMES[lab]]},
        "scenario": {"id": scenario, "title": title, "what": what},
        "machine": {"kernel": "Linux 6.1", "strace": "6.1", "cpu": "made up"},
        "seconds": len(server.steps) * 0.0001,
        "clients": server.clients,
        "threads": [{"tid": 100, "name": "main"}]
        + ([{"tid": 101, "name": "loop 1"}] if server.mechanism == "loop" else []),
        "descriptors": server.closed + list(server.descriptors.values()),
        "steps": server.steps,
        "unknown": [],
        "sources": {FILES[lab]: (ROOT / FILES[lab]).read_text(encoding="utf-8")},
    }


def act(server: Played, client: str, action: str, size: int) -> None:
    if action == "connects":
        server.arriving.append(client)
    else:
        fd = next(number for number, known in server.descriptors.items() if known["client"] == client)
        if action == "sends":
            server.inbox[fd] += size
        else:
            server.finished.add(fd)
    words = {"sends": f"sends {size:,} bytes", "half_closes": "shuts down its sending side"}.get(action, action)
    server.clients.append(
        {
            "i": len(server.clients),
            "t": len(server.steps) * 0.0001,
            "client": client,
            "action": action,
            "bytes": size or None,
            "text": f"{client} {words}",
            "beat": server.beat,
        }
    )


def everything() -> list[dict[str, Any]]:
    """All scenarios on all labs."""
    return [play(lab, scenario) for scenario in SCENARIOS for lab in FILES]
