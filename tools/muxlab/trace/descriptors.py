"""Follows each descriptor from open to close: of which kind it is, between which addresses, and whose client it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from muxlab.strace.trace import Call
from muxlab.trace.model import Descriptor, DescriptorKind

_TCP = re.compile(r"(?:TCP|TCPv6):\[(.+)\]$")
_FORKS = frozenset({"clone", "clone3", "fork", "vfork"})


@dataclass
class Life:
    """One descriptor from open to close."""

    id: str
    fd: int
    process: int
    file: int
    """The open file description: dup(2) and fork(2) give another descriptor of the same one."""
    label: str
    kind: DescriptorKind
    opened: int | None
    closed: int | None = None
    made: bool = False
    """By the program itself, before our eyes."""
    twin: Life | None = None
    """The other end of a pipe or a socketpair."""
    shown: bool = False
    """A step speaks of it."""

    @property
    def addresses(self) -> tuple[str | None, str | None]:
        found = _TCP.match(self.label)
        if found is None or ":" not in found[1]:
            return None, None
        local, _, peer = found[1].partition("->")
        return local, peer or None


class Descriptors:
    def __init__(self, calls: Iterable[Call], clients: Mapping[str, str]) -> None:
        self._parents = {call.result: call for call in calls if call.name in _FORKS and call.result}
        self._clients = clients
        self._tables: dict[int, dict[int, Life]] = {}
        self._process: dict[int, int] = {}
        """By thread: whose table it uses."""
        self._threads: dict[int, set[int]] = {}
        """By process: the threads that are alive."""
        self._lives: list[Life] = []
        self._users: dict[int, int] = {}
        """By open file description: how many descriptors there are."""

    def find(self, thread: int, fd: int, label: str = "") -> Life:
        """The descriptor of this number, as it is now; one that nobody has seen being opened was there before."""
        life = self._table(thread).get(fd)
        if life is None or _is_another(life.label, label):
            return self._add(thread, fd, label, None)
        if label and label != life.label:
            life.label = label  # bind(2) and connect(2) give a socket its addresses
            life.kind = life.kind if life.kind in ("listener", "socketpair") else kind_of(label)
        return life

    def opened(self, thread: int, fd: int, label: str, step: int, same_as: Life | None = None) -> Life:
        life = self._add(thread, fd, label, step, same_as)
        life.made = True
        return life

    def closed(self, thread: int, fd: int, step: int) -> int | None:
        """Returns the open file description if that was the last descriptor of it."""
        life = self._table(thread).pop(fd, None)
        if life is None:
            return None
        life.closed = step
        return self._release(life)

    def ended(self, thread: int, step: int) -> list[int]:
        """The last thread of a process closes what is left. Returns the open file descriptions that are gone."""
        process = self._process.get(thread)
        if process is None:
            return []
        self._threads[process].discard(thread)
        table = self._tables[process]
        files = [] if self._threads[process] else [self.closed(thread, fd, step) for fd in list(table)]
        return [file for file in files if file is not None]

    def by_addresses(self, local: str | None, peer: str | None) -> Life | None:
        """The living descriptor of a connection, seen from this end."""
        for life in reversed(self._lives):
            if local and life.closed is None and life.addresses == (local, peer):
                return life
        return None

    def listed(self) -> tuple[Descriptor, ...]:
        """Those that a step is about, or that were waited for."""
        return tuple(self._described(life) for life in self._lives if life.shown)

    def _described(self, life: Life) -> Descriptor:
        local, peer = life.addresses
        client = self._clients.get(peer) if peer else None
        return Descriptor(life.id, life.fd, life.kind, local, peer, client, life.opened, life.closed, life.process)

    def _add(self, thread: int, fd: int, label: str, step: int | None, same_as: Life | None = None) -> Life:
        table = self._table(thread)
        if (before := table.pop(fd, None)) is not None:
            # dup2(2) closes what was there; and a close that the trace does not show has happened by now.
            before.closed = step if before.closed is None else before.closed
            self._release(before)
        number = len(self._lives)
        file = same_as.file if same_as else number
        life = Life(f"d{number}", fd, self._process[thread], file, label, kind_of(label), step)
        self._users[file] = self._users.get(file, 0) + 1
        self._lives.append(life)
        table[fd] = life
        return life

    def _release(self, life: Life) -> int | None:
        self._users[life.file] -= 1
        return life.file if self._users[life.file] == 0 else None

    def _table(self, thread: int) -> dict[int, Life]:
        if thread not in self._process:
            fork = self._parents.get(thread)
            if fork is None:
                self._process[thread] = thread
                self._tables[thread] = {}
            elif "CLONE_FILES" in fork.arguments:
                self._table(fork.thread)
                self._process[thread] = self._process[fork.thread]
            else:
                parents = dict(self._table(fork.thread))
                self._process[thread] = thread
                self._tables[thread] = {}
                for fd, life in parents.items():
                    self._add(thread, fd, life.label, None, life).kind = life.kind
            self._threads.setdefault(self._process[thread], set()).add(thread)
        return self._tables[self._process[thread]]


def kind_of(label: str) -> DescriptorKind:
    if label.startswith("anon_inode:[eventpoll]"):
        return "epoll"
    if label.startswith("anon_inode:[eventfd]"):
        return "eventfd"
    if label.startswith("pipe:"):
        return "pipe"
    if (found := _TCP.match(label)) and "->" in found[1]:
        return "connection"
    return "other"


def _is_another(before: str, now: str) -> bool:
    """Two labels that cannot be of the same descriptor: one was closed, and another opened, unseen."""
    return bool(before and now) and _sort(before) != _sort(now)


def _sort(label: str) -> str:
    """'TCP' of 'TCP:[…]', but all of 'anon_inode:[eventfd]' and of a path."""
    return label if label.startswith(("anon_inode", "/")) else label.partition(":")[0]
