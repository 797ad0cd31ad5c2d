"""Where a scenario plays: named clients, and a diary of what they did.

A scenario only shows what a server does; it passes no judgement. So nothing in here fails when a server answers wrongly
or not at all: the diary says so, and the script goes on, with the same beats for every server.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from muxlab.process import Address
from muxlab.scenarios.delivery import Last, await_arrival, has_arrived, in_flight, is_coming
from muxlab.scenarios.rest import DEADLINE, Running, comes_to_rest, cpu_seconds

BACKSTOP = 120.0  # seconds
SPIN_WRITTEN = 4 * 1024 * 1024  # bytes of trace without an end: thousands of calls, where no scenario needs a thousand
SPIN_SECONDS = 2.0  # of processor time without an end: a scenario needs hundredths
IMPATIENT = 0.2  # seconds to wait for a server that has not come to rest before: it spins
CHUNK = 65536  # bytes for one recv
NARROW_BUFFER = 4096  # bytes
NARROW_SEGMENT = 1460  # bytes: as over Ethernet; on loopback it would be 64 KB


class Served(Running, Protocol):
    address: Address


@dataclass(frozen=True)
class Action:
    """Something a client did, or found."""

    time: float
    """Seconds since the epoch: strace's clock."""
    client: str
    verb: str
    """connects, sends, receives, half_closes, resets, closes, waits, note"""
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
    _actors: list[Actor] = field(default_factory=list)

    def beat(self) -> None:
        """The barrier: waits until the server has nothing left to do. What follows is the next beat."""
        restless = not self.at_rest()
        self.beats.append(Beat(len(self.beats) + 1, time.time()))
        if restless:
            self.note("", "the server did not come to rest: it works on although no client says anything")

    def at_rest(self) -> bool:
        await_arrival(self._arrived)
        written, spent = self.written(), cpu_seconds(self.server)

        def spins() -> bool:
            # Not how long it takes: on a busy machine a traced server takes its time.
            return self.written() > written + SPIN_WRITTEN or cpu_seconds(self.server) > spent + SPIN_SECONDS

        rests = comes_to_rest(self.server, self.patience, spins)
        if not rests:
            self.patience = IMPATIENT
        return rests

    def _arrived(self) -> bool:
        return all(actor.has_arrived() for actor in self._actors)

    def connect(self, name: str, *, narrow: bool = False) -> Actor:
        """`narrow`: with little room to receive, in small segments, so that the server soon cannot send."""
        return self._connect([name], name, f"{name} connects", narrow)[0]

    def crowd(self, count: int, what: str = "client") -> Sequence[Actor]:
        """Many at once: they all connect before anybody waits for anything."""
        together = f"{count} {what}s"
        return self._connect([f"{what} {number}" for number in range(1, count + 1)], together, f"{together} connect")

    def _connect(self, names: Sequence[str], who: str, text: str, narrow: bool = False) -> Sequence[Actor]:
        self.tell(who, "connects", text)
        actors = [Actor(self, name, narrow) for name in names]
        self._actors += actors
        return actors

    def note(self, client: str, text: str) -> None:
        self.tell(client, "note", text)

    def tell(self, client: str, verb: str, text: str, count: int | None = None) -> None:
        self.actions.append(Action(time.time(), client, verb, count, text, len(self.beats)))

    def leave(self) -> None:
        """Whoever is still there goes without a word, when the server is gone already."""
        for actor in self._actors:
            actor.drop()


class Actor:
    """One client. It never waits for the server longer than the server has something to do."""

    def __init__(self, stage: Stage, name: str, narrow: bool) -> None:
        self.name = name
        self._address: Address | None = None
        self._last: Last | None = None
        self._stage = stage
        address = stage.server.address
        self._socket = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
        if narrow:
            # Before connect(2), which tells the server: what it may leave in the kernel grows with the segment size.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BUFFER)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, NARROW_SEGMENT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(DEADLINE)
        try:
            self._socket.connect(address)
            self._address = Address(*self._socket.getsockname()[:2])
            self._last = "connected"
            stage.names[str(self._address)] = name
        except OSError as error:
            stage.note(name, f"{name} cannot connect: {error.strerror or error}")
        self._socket.setblocking(False)

    @property
    def here(self) -> bool:
        return self._socket.fileno() != -1

    def has_arrived(self) -> bool:
        """What this client has done so far; asked again only when it has done something more."""
        if self._address is None:
            return True
        if self._last is not None:
            if not has_arrived(self._last, self._address, self._stage.server.address):
                return False
            self._last = None
        return not (self.here and in_flight(self._socket))

    def send(self, data: bytes, *, told: bool = True) -> int:
        """As much as the kernel takes now. Returns how much that was."""
        if told:
            self._stage.tell(self.name, "sends", f"{self.name} sends {_size(len(data))}", len(data))
        sent = 0
        with self._blamed("sending"), suppress(BlockingIOError):
            while sent < len(data):
                sent += self._socket.send(data[sent:])
        return sent

    def send_all_it_takes(self, most: int) -> int:
        """Sends until the server, at rest, takes no more; or until it has taken `most` bytes."""
        data = bytes(range(256)) * (CHUNK // 256)
        start = time.time()
        taken = 0
        while taken < most:
            piece = data[: most - taken]
            sent = self.send(piece, told=False)
            taken += sent
            if sent == 0:
                break  # there was room, and yet: the connection is gone
            # At rest with no room left: the server has stopped reading. At rest with room: it has read all there was.
            if sent < len(piece) and not (self._stage.at_rest() and self._has_room()):
                break
        text = f"{self.name} sends {_size(taken)} and reads nothing: nobody takes more"
        if taken >= most:
            text = f"{self.name} sends {_size(taken)} and reads nothing"
        self._stage.actions.append(Action(start, self.name, "sends", taken, text, len(self._stage.beats)))
        return taken

    def receive(self, expected: int | None = None, *, told: bool = True) -> int:
        """Takes what comes, until it is `expected` bytes, or the end, or the server is at rest and nothing is there."""
        start = time.time()
        got, ended, quiet = 0, "", False
        while not ended and (expected is None or got < expected):
            count, ended = self._take()
            got += count
            if count == 0 and not ended:
                if quiet:
                    break
                if not self._stage.at_rest():
                    break
                await_arrival(lambda: not self._is_coming())
                quiet = True  # and look once more: it may have answered before it came to rest
            else:
                quiet = False
        if not told:
            return got
        parts = [_size(got)] if got else []
        parts += [ended] if ended else []
        text = f"{self.name} receives {' and '.join(parts) or 'nothing'}"
        if expected is not None and got < expected:
            text += f", where {_size(expected)} had been sent"
        self._stage.actions.append(Action(start, self.name, "receives", got, text, len(self._stage.beats)))
        return got

    def half_close(self) -> None:
        self._stage.tell(self.name, "half_closes", f"{self.name} has nothing more to send: shutdown(SHUT_WR)")
        with self._blamed("shutdown"):
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self._stage.tell(self.name, "resets", f"{self.name} resets the connection")
        self.drop()

    def close(self) -> None:
        self._stage.tell(self.name, "closes", f"{self.name} closes")
        self.drop(reset=False)

    def drop(self, *, reset: bool = True) -> None:
        """Without a line in the diary."""
        if not self.here:
            return
        self._last = "reset" if reset else "closed"
        if reset:
            # SO_LINGER at zero: close(2) throws the connection away, and sends a RST.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def _take(self) -> tuple[int, str]:
        """How many bytes there were; and how the connection ended, if it did."""
        try:
            count = len(self._socket.recv(CHUNK))
        except BlockingIOError:
            return 0, ""
        except OSError as error:
            return 0, f"an error: {error.strerror or error}"
        return count, "" if count else "the end"

    def _is_coming(self) -> bool:
        """The server has sent something that has not arrived yet."""
        if self._address is None or _is_ready(self._socket, select.POLLIN):
            return False
        return is_coming(self._address, self._stage.server.address)

    def _has_room(self) -> bool:
        return _is_ready(self._socket, select.POLLOUT)

    @contextmanager
    def _blamed(self, doing: str) -> Iterator[None]:
        try:
            yield
        except BlockingIOError:
            raise
        except OSError as error:
            self._stage.note(self.name, f"{doing} fails for {self.name}: {error.strerror or error}")


def _is_ready(client: socket.socket, event: int) -> bool:
    poller = select.poll()
    poller.register(client, event)
    return any(events & event for _, events in poller.poll(0))


def close_all(stage: Stage, actors: Sequence[Actor], who: str, *, reset: bool = False) -> None:
    """All at once, and one line in the diary."""
    stage.tell(who, "resets" if reset else "closes", f"{who} {'reset' if reset else 'close'}")
    for actor in actors:
        actor.drop(reset=reset)


def send_all(stage: Stage, actors: Sequence[Actor], who: str, data: bytes) -> None:
    stage.tell(who, "sends", f"{who} send {_size(len(data))} each", len(data) * len(actors))
    for actor in actors:
        actor.send(data, told=False)


def receive_all(stage: Stage, actors: Sequence[Actor], who: str, expected: int) -> None:
    """Each that many bytes. Who closes with something unread sends a RST, not a FIN."""
    start = time.time()
    got = [actor.receive(expected, told=False) for actor in actors]
    text = f"{who} receive {_size(expected)} each"
    if short := sum(count < expected for count in got):
        text += f", but for {short} of them"
    stage.actions.append(Action(start, who, "receives", sum(got), text, len(stage.beats)))


def _size(count: int) -> str:
    return f"{count:,} byte{'' if count == 1 else 's'}"
