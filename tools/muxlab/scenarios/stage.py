"""Where a scenario plays: named clients, and a diary of what they did.

A scenario only shows what a server does; it passes no judgement. So nothing in here fails when a server answers wrongly
or not at all: the diary says so, and the script goes on, with the same beats for every server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from muxlab.errors import MuxlabError
from muxlab.process import Address
from muxlab.scenarios import others
from muxlab.scenarios.actor import Actor
from muxlab.scenarios.delivery import await_arrival
from muxlab.scenarios.hold import held
from muxlab.scenarios.rest import Running, comes_to_rest, cpu_seconds

BACKSTOP = 120.0  # seconds
SPIN_WRITTEN = 4 * 1024 * 1024  # bytes of trace without an end: thousands of calls, where no scenario needs a thousand
SPIN_SECONDS = 2.0  # of processor time without an end: a scenario needs hundredths
IMPATIENT = 0.2  # seconds to wait for a server that has not come to rest before: it spins
LITTLE_ROOM = 16 * 1024  # bytes, of which the kernel makes twice as many
RESTLESS = "the server did not come to rest"
TURNS_FOR_NOTHING = 2  # returns of a wait for which no client has done anything


class Served(Running, Protocol):
    address: Address


@dataclass(frozen=True)
class Action:
    """Something a client did, or found."""

    time: float
    """Seconds since the epoch: strace's clock."""
    client: str
    verb: str
    """connects, sends, receives, half_closes, resets, closes, waits, steals, note"""
    bytes: int | None
    text: str
    beat: int


@dataclass(frozen=True)
class Beat:
    number: int
    """From 1: 0 is the time before the first barrier."""
    start: float
    """Seconds since the epoch. The server was at rest, unless the diary says otherwise."""


@dataclass
class Stage:
    server: Served
    actions: list[Action] = field(default_factory=list)
    beats: list[Beat] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """By the client's own address, '127.0.0.1:4711': its name."""
    patience: float = BACKSTOP
    """Seconds that the server gets to come to rest, until it has failed to once."""
    written: Callable[[], int] = lambda: 0
    """Bytes that strace has written so far."""
    spin_written: int = SPIN_WRITTEN
    _actors: list[Actor] = field(default_factory=list)
    _held: bool = False

    @property
    def address(self) -> Address:
        return self.server.address

    def beat(self) -> None:
        """The barrier: waits until the server has nothing left to do. What follows is the next beat."""
        restless = not self.at_rest()
        self.beats.append(Beat(len(self.beats) + 1, time.time()))
        if restless:
            self.note("", f"{RESTLESS}: it works on although no client says anything")

    def at_rest(self) -> bool:
        await_arrival(self._arrived)
        written, spent = self.written(), cpu_seconds(self.server)

        def spins() -> bool:
            # Not how long it takes: on a busy machine a traced server takes its time.
            return self.written() > written + self.spin_written or cpu_seconds(self.server) > spent + SPIN_SECONDS

        rests = comes_to_rest(self.server, self.patience, spins, held=self._held)
        if not rests:
            self.patience = IMPATIENT
        return rests

    def settle(self) -> None:
        """Between two actions; not where the server spins anyway."""
        if self.patience > IMPATIENT:
            self.at_rest()

    def _arrived(self) -> bool:
        return all(actor.has_arrived() for actor in self._actors)

    def connect(self, name: str, *, narrow: bool = False) -> Actor:
        """`narrow`: with little room to receive, in small segments, so that the server soon cannot send.

        And with as little in the server's kernel: else that grows, and each time in another way.
        """
        self.tell(name, "connects", f"{name} connects")
        actor = Actor(self, name, narrow=narrow, patient=not self._held)
        self._actors.append(actor)
        self.settle()
        if narrow:
            self.give_room(actor, LITTLE_ROOM)
            self.settle()
        return actor

    def crowd(self, count: int, what: str = "client") -> Sequence[Actor]:
        """Many at once: they all connect before the server accepts one of them. Those who were let in."""
        together = f"{count} {what}s"
        self.tell(together, "connects", f"{together} connect")
        inside: list[Actor] = []
        with self.held():
            for number in range(1, count + 1):
                actor = Actor(self, f"{what} {number}", patient=False)
                await_arrival(actor.is_let_in)  # one after the other: so they are accepted in this order
                if not actor.is_let_in():
                    actor.drop()
                    self.note(together, f"only {len(inside)} of them are let in: the queue of the listener is full")
                    break
                inside.append(actor)
                if number == 1:
                    self.settle()
            self._actors += inside
        return inside

    def at_once(self, actors: Sequence[Actor], act: Callable[[Actor], object]) -> None:
        """The server is held as soon as the first of them has acted. What they do arrives in this order."""
        with self.held():
            for place, actor in enumerate(actors):
                act(actor)
                await_arrival(actor.has_come)
                if place == 0:
                    self.settle()

    def give_room(self, actor: Actor, size: int) -> None:
        """In the server's kernel, for what it sends to this client: as well as can be."""
        with suppress(OSError, MuxlabError):
            others.give_room(self.server.pid, self.address, actor.address, size)

    @contextmanager
    def held(self, by: Actor | None = None) -> Iterator[None]:
        """What clients do in here the server finds all at once, when it comes back to its wait.

        It stops as soon as its wait returns, which the first thing that a client does brings about; `by` is one that
        sends a byte for nothing else. Only where strace watches it: else it is not held.
        """
        if self._held:
            yield
            return
        with held(self.server.pid) as self._held:
            if by is not None:
                by.send(b"!")
            yield
            self.settle()
        self._held = False
        self.settle()

    def steal_bytes(self, actor: Actor) -> None:
        """Takes from the server what this client has sent, as a process that shares the socket might."""
        self._steal(f"another process reads what {actor.name} has sent", others.take_bytes, actor.address)

    def steal_client(self) -> None:
        """Accepts the client who waits, before the server does."""
        self._steal("another process accepts that client, and hangs up on it", others.take_client)

    def _steal(self, text: str, take: Callable[..., None], *whose: Address | None) -> None:
        self.tell("", "steals", text)
        try:
            take(self.server.pid, self.address, *whose)
        except (OSError, MuxlabError) as error:
            self.note("", f"that is not possible here: {error}")

    def idle(self) -> None:
        """Nobody says anything, until the server's wait has run into its time-out. It need not have any."""
        self.tell("", "waits", "nobody says anything for a while")
        for _ in range(TURNS_FOR_NOTHING):
            await_arrival(self._writes_after(self.written()))
            self.at_rest()

    def _writes_after(self, before: int) -> Callable[[], bool]:
        return lambda: self.written() > before

    def note(self, client: str, text: str) -> None:
        self.tell(client, "note", text)

    def tell(self, client: str, verb: str, text: str, count: int | None = None, *, since: float | None = None) -> None:
        self.actions.append(Action(since or time.time(), client, verb, count, text, len(self.beats)))

    def leave(self) -> None:
        """Whoever is still there goes without a word, when the server is gone already."""
        for actor in self._actors:
            actor.drop()
