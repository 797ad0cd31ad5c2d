"""One client of a scenario, and crowds of them: what they do, each with a line in the diary.

Clients act one after the other, each when the server has come to rest: so the same scenario makes the same calls every
time. What is to come at once is done while the server is held.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Protocol

from muxlab.process import Address
from muxlab.scenarios.delivery import Last, await_arrival, has_arrived, has_no_room, in_flight, is_coming, is_there
from muxlab.scenarios.rest import DEADLINE

CHUNK = 65536  # bytes for one recv
NARROW_BUFFER = 4096  # bytes
WIDE_BUFFER = 256 * 1024  # bytes
NARROW_SEGMENT = 1460  # bytes: as over Ethernet; on loopback it would be 64 KB


class Diary(Protocol):
    """The stage, as far as its actors care."""

    names: dict[str, str]

    @property
    def address(self) -> Address: ...
    def at_rest(self) -> bool: ...
    def settle(self) -> None: ...
    def give_room(self, actor: Actor, size: int) -> None: ...
    def held(self) -> AbstractContextManager[None]: ...
    def at_once(self, actors: Sequence[Actor], act: Callable[[Actor], object]) -> None: ...
    def note(self, client: str, text: str) -> None: ...
    def tell(
        self, client: str, verb: str, text: str, count: int | None = None, *, since: float | None = None
    ) -> None: ...


class Actor:
    """One client. It never waits for the server longer than the server has something to do."""

    def __init__(self, stage: Diary, name: str, *, narrow: bool = False, patient: bool = True) -> None:
        """Not `patient`: who is not let in at once has not come. A server that is held lets nobody in later."""
        self.name = name
        self._address: Address | None = None
        self._last: Last | None = None
        self._narrow = narrow
        self._stage = stage
        address = stage.address
        self._socket = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
        if narrow:
            # Before connect(2), which tells the server: what it may leave in the kernel grows with the segment size.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BUFFER)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, NARROW_SEGMENT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(DEADLINE if patient else 0)
        try:
            with suppress(BlockingIOError):
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

    @property
    def address(self) -> Address | None:
        """Its own; None if it never got as far as to have one."""
        return self._address

    def is_let_in(self) -> bool:
        """The server's kernel has taken the connection, though the server may not have accepted it."""
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return self.has_arrived()

    def has_arrived(self) -> bool:
        """What this client has done so far; asked again only when it has done something more."""
        if self._address is None:
            return True
        if self._last is not None:
            if not has_arrived(self._last, self._address, self._stage.address):
                return False
            self._last = None
        return not (self.here and in_flight(self._socket))

    def has_come(self) -> bool:
        """What it has done so far; the server need not have acknowledged it."""
        if self._address is None or self._last is not None:
            return self.has_arrived()
        return is_there(self._address, self._stage.address)

    def send(self, data: bytes, *, told: bool = True) -> int:
        """As much as the kernel takes now. Returns how much that was."""
        if told:
            self._stage.tell(self.name, "sends", f"{self.name} sends {_size(len(data))}", len(data))
        sent = 0
        with self._blamed("sending"), suppress(BlockingIOError):
            while sent < len(data):
                sent += self._socket.send(data[sent:])
        if told:
            self._stage.settle()
        return sent

    def send_all_it_takes(self, most: int) -> int:
        """Sends until the server, at rest, takes no more; or until it has taken `most` bytes. For a narrow client.

        First so much that its window closes. Later that would come in between, now at one call, now at another.
        """
        data = bytes(range(256)) * (CHUNK // 256)
        start = time.time()
        taken = self.send(data[: 2 * NARROW_BUFFER], told=False)
        self._stage.at_rest()
        await_arrival(self._has_no_room)
        while taken < most:
            piece = data[: most - taken]
            with self._stage.held():
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
        self._stage.tell(self.name, "sends", text, taken, since=start)
        return taken

    def receive(self, expected: int | None = None, *, told: bool = True) -> int:
        """Takes what comes, until it is `expected` bytes, or the end, or the server is at rest and nothing is there.

        A narrow client takes all that the server's kernel has, and from then on is as fast as others.
        """
        start = time.time()
        got, ended, quiet = 0, "", False
        if self._narrow:
            with self._stage.held():
                self._widen()
                got, ended = self._take_all()
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
        self._stage.tell(self.name, "receives", text, got, since=start)
        return got

    def send_urgent(self, byte: bytes) -> None:
        """MSG_OOB: TCP's urgent data, which is one byte."""
        self._stage.tell(self.name, "sends", f"{self.name} sends 1 byte of urgent data", 1)
        with self._blamed("sending"):
            self._socket.send(byte, socket.MSG_OOB)
        self._stage.settle()

    def half_close(self) -> None:
        self._stage.tell(self.name, "half_closes", f"{self.name} has nothing more to send: shutdown(SHUT_WR)")
        with self._blamed("shutdown"):
            self._socket.shutdown(socket.SHUT_WR)
        self._stage.settle()

    def reset(self) -> None:
        self._stage.tell(self.name, "resets", f"{self.name} resets the connection")
        self.drop()
        self._stage.settle()

    def close(self) -> None:
        self._stage.tell(self.name, "closes", f"{self.name} closes")
        self.drop(reset=False)
        self._stage.settle()

    def drop(self, *, reset: bool = True) -> None:
        """Without a line in the diary."""
        if not self.here:
            return
        self._last = "reset" if reset else "closed"
        if reset:
            # SO_LINGER at zero: close(2) throws the connection away, and sends a RST.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def _take_all(self) -> tuple[int, str]:
        got, ended, count = 0, "", 1
        while count and not ended:
            await_arrival(lambda: not self._is_coming())
            count, ended = self._take()
            got += count
        return got, ended

    def _widen(self) -> None:
        self._narrow = False
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WIDE_BUFFER)
        self._stage.give_room(self, WIDE_BUFFER)

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
        return is_coming(self._address, self._stage.address)

    def _has_no_room(self) -> bool:
        return self._address is not None and has_no_room(self._address, self._stage.address)

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


def close_all(stage: Diary, actors: Sequence[Actor], who: str, *, reset: bool = False) -> None:
    """All at once, and one line in the diary."""
    stage.tell(who, "resets" if reset else "closes", f"{who} {'reset' if reset else 'close'}")
    stage.at_once(actors, lambda actor: actor.drop(reset=reset))


def send_all(stage: Diary, actors: Sequence[Actor], who: str, data: bytes) -> None:
    stage.tell(who, "sends", f"{who} send {_size(len(data))} each", len(data) * len(actors))
    stage.at_once(actors, lambda actor: actor.send(data, told=False))


def receive_all(stage: Diary, actors: Sequence[Actor], who: str, expected: int) -> None:
    """Each that many bytes. Who closes with something unread sends a RST, not a FIN."""
    start = time.time()
    got = [actor.receive(expected, told=False) for actor in actors]
    text = f"{who} receive {_size(expected)} each"
    if short := sum(count < expected for count in got):
        text += f", but for {short} of them"
    stage.tell(who, "receives", text, sum(got), since=start)


def _size(count: int) -> str:
    return f"{count:,} byte{'' if count == 1 else 's'}"
