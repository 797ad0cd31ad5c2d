"""A scripted client. Its verbs are the steps of a test's story; those that wait fail as soon as the server rests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from muxlab.grading.connection import Connection
from muxlab.grading.deadline import Deadlines
from muxlab.grading.rest import RestWatch
from muxlab.grading.show_bytes import brief, count, difference, first_difference
from muxlab.grading.story import Failed, Story
from muxlab.process import Address

_BRIEF = 12  # bytes that a step's text shows whole
_FIRST_PAUSE, _LONGEST_PAUSE = 1, 16  # ms without a byte, after which we look whether the server rests
_ENDS = {"end": "an orderly end (FIN)", "reset": "a reset (RST)"}


class Host(Protocol):
    """What a client asks of the server under test."""

    @property
    def story(self) -> Story: ...
    @property
    def deadlines(self) -> Deadlines: ...
    def watch(self, *, patient: bool = False) -> RestWatch: ...
    def failure(self, outcome: str, details: Sequence[str] = (), client: Client | None = None) -> Failed: ...


class Client:
    """Reads only in the verbs that say so: a client that only sends is a slow reader."""

    def __init__(self, host: Host, name: str, connection: Connection) -> None:
        self.name = name
        self.connection = connection
        self._host = host
        self._echoed = 0  # bytes of the script that have come back

    @property
    def local(self) -> Address:
        return self.connection.local

    @property
    def sent_count(self) -> int:
        return self.connection.sent

    @property
    def received_count(self) -> int:
        """Bytes, looked at or not."""
        return self.connection.received

    @property
    def pending_count(self) -> int:
        """Bytes handed to sends() that no kernel has taken yet."""
        return self.connection.pending

    @property
    def inbox(self) -> bytes:
        """What has come and was not asked for yet."""
        return bytes(self.connection.inbox)

    @property
    def ended(self) -> str:
        """'end' when the server has closed its half, 'reset' when the connection is broken; else empty."""
        return self.connection.end

    # ---- connecting and closing

    def connects(self) -> Client:
        with self._host.story.step(f"client {self.name} connects"):
            self.begin_connecting()
            self.finish_connecting()
        return self

    def half_closes(self) -> None:
        """Says that it will send no more (FIN); goes on reading."""
        with self._step("half-closes: shuts down its sending half"):
            self._push_all()
            self.connection.finish_sending()

    def closes(self) -> None:
        """In an orderly way. If there are bytes that it has not read, the kernel makes a reset of it."""
        with self._step("closes its connection"):
            self._push_all()
            self.connection.close()

    def resets(self) -> None:
        with self._step("resets its connection"):
            self.connection.reset()

    # ---- sending

    def sends(self, data: bytes) -> int:
        """Hands everything over; gives the number of bytes that the kernels have taken when the server rests.

        The others stay pending, and are sent on during later verbs. Reads nothing meanwhile.
        """
        before = self.connection.given
        with self._step(f"sends {_named(data)}"):
            self.connection.script += data
            self._push_all(may_stay=True)
        return self.connection.given - before

    def tries_to_send(self, data: bytes) -> None:
        """As sends(), to a server that may hang up on it, or has done so before a byte could be sent."""
        with self._step(f"sends {_named(data)}"):
            self.connection.script += data
            self._await(lambda: not self.connection.pending or bool(self.ended), reading=False)

    def sends_urgent(self, byte: bytes = b"!") -> None:
        """One byte out of band (MSG_OOB). It is not expected to be echoed."""
        with self._step(f"sends {brief(byte)} as urgent data"):
            self._push_all()
            self.connection.push_urgent(byte)

    # ---- expecting

    def expects(self, data: bytes) -> None:
        """Exactly these bytes come next. If they are what the echo would be, they count as echoed."""
        with self._step(f"expects {_named(data)}"):
            self._expect(data)
            if self._missing().startswith(data):
                self._echoed += len(data)

    def expects_echo(self) -> None:
        """All that it has sent and not seen again comes next."""
        data = self._missing()
        with self._step(f"expects {count(len(data))} back"):
            self._expect(data)
            self._echoed += len(data)

    def reads(self, size: int) -> None:
        """The next bytes of its echo, exactly so many: a slow reader."""
        data = self._missing()[:size]
        assert len(data) == size, "the test wants to read more than was sent"
        with self._step(f"reads {count(size)} of its echo"):
            self._expect(data)
            self._echoed += size

    def reads_all(self) -> bytes:
        """Whatever comes until the server rests or hangs up."""
        with self._step("reads until nothing more comes"):
            self._await(lambda: bool(self.ended))
        data = self.inbox
        self.connection.inbox.clear()
        return data

    def expects_end(self) -> None:
        """The server closes in an orderly way, and nothing comes before that."""
        with self._step("expects the end of the connection"):
            self._await(lambda: bool(self.ended or self.inbox))
            if self.inbox:
                raise self._failure(f"got {count(len(self.inbox))} instead", [f"got {brief(self.inbox)}"])
            if self.ended != "end":
                outcome = "got a reset" if self.ended else "the server keeps it open"
                raise self._failure(outcome, [f"expected {_ENDS['end']}, got {_ENDS.get(self.ended, 'nothing')}"])

    def expects_hung_up(self) -> None:
        """The server closes or resets, whatever comes before that."""
        with self._step("expects to be hung up on"):
            if not self._await(lambda: bool(self.ended)):
                raise self._failure("the server keeps it open", ["expected the connection to be closed, it is open"])

    def expects_nothing(self) -> None:
        """The server comes to rest: nothing has arrived, and the connection is open."""
        with self._step("expects nothing"):
            self._await(lambda: bool(self.inbox or self.ended))
            if self.inbox:
                raise self._failure(f"got {count(len(self.inbox))}", [f"expected nothing, got {brief(self.inbox)}"])
            if self.ended:
                raise self._failure("was hung up on", [f"expected nothing, got {_ENDS[self.ended]}"])

    def pings(self) -> None:
        """Sends one byte, and gets back all that is still to come, that byte at the end: it is served."""
        with self._step("sends a byte and gets it back"):
            self.connection.script += b"p"
            data = self._missing()
            self._expect(data)
            self._echoed += len(data)

    def is_served_or_hung_up(self) -> bool:
        """Sends one byte. True if it comes back, False if the server hangs up instead; Failed if it does neither."""
        with self._step("sends a byte: it is served or hung up on"):
            self.connection.script += b"p"
            data = self._missing()
            if not self._await(lambda: len(self.inbox) >= len(data) or bool(self.ended)):
                raise self._failure("neither", ["expected an echo or the end of the connection, got nothing"])
            if self.ended:
                return False
            self._expect(data)
            self._echoed += len(data)
        return True

    # ---- for the server under test

    def begin_connecting(self) -> None:
        try:
            self.connection.begin()
        except OSError as error:
            raise self._failure(f"cannot connect: {error.strerror}") from None

    def finish_connecting(self) -> None:
        try:
            ends = time.monotonic() + self._host.deadlines.wait
            while not self.connection.try_to_finish():
                # This is between two kernels: that the server rests says nothing. A lost SYN is sent again after a
                # second.
                self.connection.wait(_LONGEST_PAUSE, reading=False)
                if time.monotonic() > ends:
                    self.connection.reset()
                    raise self._failure("cannot connect", ["the kernel does not answer: too many wait to be accepted"])
        except OSError as error:
            raise self._failure(f"cannot connect: {error.strerror}") from None

    # ---- how it works

    def _missing(self) -> bytes:
        return bytes(self.connection.script[self._echoed :])

    def _push_all(self, *, may_stay: bool = False) -> None:
        if not self._await(lambda: not self.connection.pending or bool(self.ended), reading=False) and not may_stay:
            left = count(self.connection.pending)
            raise self._failure("cannot yet", [f"{left} are in the way: neither the server nor the client reads"])
        if self.connection.end == "reset":
            raise self._failure("was hung up on", [f"expected an open connection, got {_ENDS['reset']}"])

    def _expect(self, data: bytes) -> None:
        inbox = self.connection.inbox
        checked = 0

        def enough() -> bool:
            nonlocal checked
            new = min(len(inbox), len(data))
            right = inbox[checked:new] == data[checked:new]
            checked = new if right else checked
            return not right or len(inbox) >= len(data) or bool(self.ended)

        self._await(enough)
        if first_difference(data, bytes(inbox[: len(data)])) == len(data):
            del inbox[: len(data)]
            return
        got = bytes(inbox[: len(data)])
        if len(got) < len(data) and data.startswith(got):
            then = {"end": "then the end", "reset": "then a reset"}.get(self.ended, "then nothing")
            outcome = f"got {len(got):,}, {then}" if got else then.replace("then", "got")
            raise self._failure(outcome, difference(data, got))
        raise self._failure("got other bytes", difference(data, got))

    def _await(self, done: Callable[[], bool], *, reading: bool = True) -> bool:
        """Sends and receives until done, or until nothing more can come. True if done."""
        connection = self.connection
        watch: RestWatch | None = None
        pause = _FIRST_PAUSE
        while True:
            connection.push()
            if reading:
                connection.take()
            if done():
                return True
            if connection.wait(pause, reading=reading):
                pause, watch = _FIRST_PAUSE, None
                continue
            pause = min(pause * 2, _LONGEST_PAUSE)
            watch = watch or self._host.watch(patient=reading)
            try:
                rests = watch.look()
            except Failed:
                # If it is dead, this is the moment to see that it has closed the connection.
                if reading and connection.take() and done():
                    return True
                raise
            if rests:
                # Nothing is under way any more: what has not come by now will not come.
                moved = connection.push()
                moved |= reading and connection.take()
                if done():
                    return True
                if not moved:
                    return False

    def _failure(self, outcome: str, details: Sequence[str] = ()) -> Failed:
        return self._host.failure(outcome, details, self)

    def _step(self, text: str) -> AbstractContextManager[None]:
        return self._host.story.step(f"{self.name} {text}")


def _named(data: bytes) -> str:
    return brief(data) if len(data) <= _BRIEF else count(len(data))
