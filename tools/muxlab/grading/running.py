"""A running server under test: its clients, its rest, its end, and what to say when it has failed."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from muxlab.grading import threads
from muxlab.grading.client import Client
from muxlab.grading.connection import Connection
from muxlab.grading.deadline import Deadlines
from muxlab.grading.gate import Gate
from muxlab.grading.launch import Ended, Launched, address_of
from muxlab.grading.rest import SPINNING, RestWatch, View, describe
from muxlab.grading.show_bytes import count
from muxlab.grading.story import Failed, Story
from muxlab.grading.trace import TraceReader
from muxlab.sockets import Sockets, fd_of_inode


@dataclass(frozen=True)
class Surroundings:
    """What the servers of one test share."""

    story: Story
    sockets: Sockets
    deadlines: Deadlines


class RunningServer:
    def __init__(
        self, process: Launched, surroundings: Surroundings, gate: Gate | None, trace: TraceReader | None
    ) -> None:
        self.process = process
        self.address = address_of(process)
        self.pid = process.pid
        """Also the number of its main thread."""
        self._around = surroundings
        self._gate = gate
        self._trace = trace
        self._clients: list[Client] = []

    @property
    def story(self) -> Story:
        return self._around.story

    @property
    def deadlines(self) -> Deadlines:
        return self._around.deadlines

    @property
    def gate(self) -> Gate:
        assert self._gate is not None, "the test must start this server with gate=True"
        return self._gate

    @property
    def trace(self) -> TraceReader:
        assert self._trace is not None, "the test must start this server with trace=True"
        return self._trace

    def close(self) -> None:
        """Ends it, whatever state it is in."""
        self.process.kill()
        for client in self._clients:
            client.connection.reset()
        if self._gate is not None:
            self._gate.close()

    # ---- clients

    def client(
        self,
        name: str = "A",
        *,
        rcvbuf: int | None = None,
        sndbuf: int | None = None,
        mss: int | None = None,
        connect: bool = True,
    ) -> Client:
        """A new client, connected unless told otherwise: SO_RCVBUF, SO_SNDBUF, TCP_MAXSEG in bytes."""
        client = Client(self, name, Connection(self.address, rcvbuf=rcvbuf, sndbuf=sndbuf, mss=mss))
        self._clients.append(client)
        return client.connects() if connect else client

    def clients(self, number: int, name: str = "c", *, rcvbuf: int | None = None) -> list[Client]:
        """So many at the same time; one step for all."""
        with self.story.step(f"{number} clients connect"):
            new = [self.client(f"{name}{i}", rcvbuf=rcvbuf, connect=False) for i in range(1, number + 1)]
            for client in new:
                client.begin_connecting()
            for client in new:
                client.finish_connecting()
        return new

    # ---- rest

    def quiet(self) -> None:
        """Returns when the server has done all it can. Failed if it is dead or spins."""
        self._await(self.watch())

    def pauses(self) -> None:
        """Returns when every thread sleeps, be it only until it tries again what it could not do. Else as quiet()."""
        self._await(self.watch(hasty=True))

    def _await(self, watch: RestWatch) -> None:
        while not watch.look():
            watch.pause()

    def watch(self, *, patient: bool = False, hasty: bool = False) -> RestWatch:
        """Patient: a server that has put something off is to do it first. Hasty: it need not, whatever lies there."""
        view = View(
            self.pid,
            held=self._held,
            in_flight=lambda: any(client.connection.in_flight(self._around.sockets) for client in self._clients),
            has_work=lambda: not hasty and self._has_work(),
            fruitless=self._fruitless,
            check_alive=self.check_alive,
            survivors=lambda: threads.states_of(threads.session(self.process.session)),
            failed=self._told,
        )
        return RestWatch(view, self._around.deadlines, patient=patient)

    def _has_work(self) -> bool:
        return any(client.connection.has_unread(self._around.sockets) for client in self._clients)

    def _held(self) -> set[int]:
        return self._gate.held if self._gate else set()

    def rest_if_it_can(self) -> None:
        """Else as it is, without a failure. For a signal, which would find the same server now asleep and now awake,
        and for a look at calls of which the last might not be made yet.
        """
        with suppress(Failed):  # it has ended, or it spins: that is told elsewhere
            self.quiet()

    def _settle(self) -> None:
        """Until it rests or has ended: then what it has done is complete."""
        if self.process.ended() is None:
            self.quiet()

    def _fruitless(self) -> int:
        by_shim = self._gate.fruitless if self._gate else 0
        if self._trace is None:
            return by_shim
        # A call with its stack takes a hundred times as long.
        factor = 10 if self.process.how.stacks else 1
        return SPINNING if self._trace.too_long else max(by_shim, factor * self._trace.fruitless())

    def check_alive(self) -> None:
        """Raises Failed if it has ended."""
        if (ended := self.process.ended()) is not None:
            raise self._death(ended, "the server has ended:")

    # ---- its end

    def stops(self) -> Ended:
        """SIGTERM, which finds it asleep if it ever sleeps; it must end with exit code 0."""
        with self.story.step("server gets SIGTERM and ends"):
            self.rest_if_it_can()
            self.process.send_signal(signal.SIGTERM)
            return self._ends()

    def ends(self) -> Ended:
        """It ends by itself, or because of a signal it has got; with exit code 0."""
        with self.story.step("server ends"):
            return self._ends()

    def ended(self) -> Ended | None:
        """None while it runs."""
        return self.process.ended()

    def expects_alive(self) -> None:
        with self.story.step("server is alive"):
            self.quiet()

    def _ends(self) -> Ended:
        watch = self.watch()
        while (ended := self.process.ended()) is None:
            try:
                if watch.look() and self.process.ended() is None:
                    raise self._told("it does not end", describe(threads.states(self.pid)))
            except Failed:
                if self.process.ended() is None:
                    raise
            watch.pause()
        self.process.wait()  # for the trace to be complete
        if ended.code != 0:
            raise self._death(ended, "it should end with exit code 0:")
        return ended

    # ---- failing

    def failure(self, outcome: str, details: Sequence[str] = (), client: Client | None = None) -> Failed:
        """What to raise when the server has failed a client. A server that is dead or spins has failed by that."""
        try:
            self._settle()
        except Failed as worse:
            return worse
        if (ended := self.process.ended()) is not None:
            return self._death(ended, "the server has ended:")
        return self._told(
            outcome, [*details, *self._unread(client), *describe(threads.states(self.pid), self._held())], client
        )

    def _death(self, ended: Ended, what: str) -> Failed:
        return self._told(f"{what} {ended.how}", died=ended.last_words)

    def _told(
        self, outcome: str, details: Sequence[str] = (), client: Client | None = None, died: Sequence[str] = ()
    ) -> Failed:
        """With the last system calls, if they are known."""
        title, calls = "", []
        if self.process.ended() is not None:
            self.process.wait()  # for the trace to be complete
        if self._trace is not None:
            fd = self._trace.fd_of_peer(client.local) if client else None
            title = f"last calls on fd {fd} ({client.name})" if client and fd is not None else "the server's last calls"
            asleep = all(state.sleeps for state in threads.states(self.pid))
            calls = self._trace.last_calls(fd, self.process.program, asleep=asleep)
        return Failed(outcome, details, died=died, calls_title=title, calls=calls)

    def _unread(self, client: Client | None) -> list[str]:
        peer = client.connection.peer(self._around.sockets) if client else None
        if client is None or peer is None or peer.unread == 0:
            return []
        fd = fd_of_inode(self.pid, peer.inode)
        where = "not accepted" if fd is None else f"fd {fd}"
        lie = "lies" if peer.unread == 1 else "lie"
        return [f"{count(peer.unread)} of {client.name} {lie} unread in the server ({where})"]
