"""The server under test as a test sees it: what its clients do, and all that can be told of it from outside."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from muxlab.grading import descriptors as fds
from muxlab.grading import threads
from muxlab.grading.client import Client
from muxlab.grading.gate import HELD, Trap
from muxlab.grading.instruments import InstrumentError
from muxlab.grading.running import RunningServer
from muxlab.grading.story import Failed
from muxlab.grading.trace import Mark
from muxlab.sockets import fd_of_inode
from muxlab.strace.decode import Step
from muxlab.strace.trace import Call

_KICKS = 300  # in vain, at a server that rests: it cannot be held
_TRAP_SLICE = 0.002  # seconds between two looks whether it rests without having been caught


class ServerUnderTest(RunningServer):
    # ---- holding it

    @contextmanager
    def parked(self, *, thread: int | None = None) -> Iterator[Trap]:
        """Inside, the server is held before its wait call, so that what the clients do becomes one batch."""
        trap = self.park(thread=thread)
        try:
            yield trap
            self.quiet()  # all that the clients did has arrived: nothing comes too late for the batch
        except BaseException:
            trap.release()
            raise
        self.release(trap)

    def park(self, *, thread: int | None = None) -> Trap:
        """Holds every thread that waits, or the one, at the entry of its wait call; returns when that is so.

        A thread that sleeps in another call (a blocking accept, say) is left there.
        """
        with self.story.step("server is parked at its wait call"):
            trap = self.gate.trap("wait", thread=thread)
            watch = self.watch()
            kicks = 0  # not the turns of this loop: a thread that was kicked may have to wait for a CPU
            while kicks < _KICKS:
                if sum(state.waits for state in threads.states(self.pid)) > HELD:
                    trap.release()
                    raise InstrumentError(f"the server cannot be held: more than {HELD} of its threads wait")
                kicked = self.gate.kick(self.pid, trap)
                if watch.look() and not kicked:
                    return trap
                kicks += kicked
                watch.pause()
            trap.release()
            raise InstrumentError("the server cannot be held: its wait call does not go through libc")

    def release(self, trap: Trap) -> None:
        trap.release()
        self.story.note("server is released")

    def trap(
        self,
        call: str,
        *,
        after: bool = False,
        nth: int = 1,
        fd: int | None = None,
        thread: int | None = None,
        only_first: bool = False,
    ) -> Trap:
        """As gate.trap(), and a step of the story."""
        trap = self.gate.trap(call, after=after, nth=nth, fd=fd, thread=thread, only_first=only_first)
        self.story.note(f"server is to be held {trap.where}{'' if nth == 1 else f', at call number {nth}'}")
        return trap

    def catches(self, trap: Trap) -> bool:
        """True once somebody is held; False if the server comes to rest without."""
        watch = self.watch()
        while not trap.wait(_TRAP_SLICE):
            if watch.look():
                return bool(trap.held)
        return True

    def expects_caught(self, trap: Trap) -> None:
        with self.story.step(f"server is held {trap.where}"):
            if not self.catches(trap):
                raise self.failure("it never gets there")

    def signal(self, number: signal.Signals) -> None:
        """Sent when the server is at rest. Returns when it has been delivered, and what it does at once is done."""
        with self.story.step(f"server gets {number.name}"):
            self.rest_if_it_can()
            self.process.send_signal(number)
            bit = 1 << (number - 1)
            watch = self.watch()
            with suppress(Failed):  # it may have ended, as it should
                while threads.pending_signals(self.pid) & bit & ~threads.blocked_signals(self.pid):
                    watch.look()
                    watch.pause()
                self.quiet()

    # ---- what can be seen from outside

    def check(self, text: str, ok: bool, actual: object = "", client: Client | None = None) -> None:
        """A step about the server: 'text' says what must hold. When traced, a failure shows the last calls."""
        with self.story.step(text):
            if not ok:
                raise self._told("it does not hold" if actual == "" else f"it is {actual}", [], client)

    def fd_of(self, client: Client) -> int:
        """The server's descriptor for that client."""
        self.quiet()
        peer = client.connection.peer(self._around.sockets)
        for process in threads.family(self.pid):
            fd = fd_of_inode(process, peer.inode) if peer else None
            if fd is not None:
                return fd
        raise self.failure(f"{client.name} has no descriptor in the server: never accepted, or closed again")

    def reply_in_kernels(self, client: Client) -> int:
        """Bytes that the server has sent and the client has not read, at either end, once the server is at rest."""
        self.quiet()
        peer = client.connection.peer(self._around.sockets)
        return client.connection.unread + (peer.unsent if peer else 0)

    def descriptors(self) -> dict[int, fds.Descriptor]:
        self.quiet()
        return fds.descriptors(self.pid)

    def descriptor_of(self, client: Client) -> fds.Descriptor:
        fd = self.fd_of(client)
        found = fds.descriptors(self.pid).get(fd)
        if found is None:
            raise self.failure(
                f"{client.name} has no descriptor in the server: another process of it serves {client.name}"
            )
        return found

    def listener(self) -> fds.Descriptor:
        """The socket that it listens on."""
        inode = self._around.sockets.inode_of_listener(self.address)
        for descriptor in self.descriptors().values():
            if descriptor.is_socket and descriptor.inode == inode:
                return descriptor
        raise self.failure("it has no listening socket any more")

    def registrations(self, fd: int | None = None) -> list[fds.Registration]:
        """What its epoll instances watch, or what they watch this descriptor for; empty for select and poll."""
        self.quiet()
        return [entry for entry in fds.registrations(self.pid) if fd in (None, entry.fd)]

    def registrations_of(self, client: Client) -> list[fds.Registration]:
        return self.registrations(self.fd_of(client))

    def orphans(self) -> list[fds.Registration]:
        """Watched by an epoll instance, though that number is closed or is another file by now."""
        here = self.descriptors()
        found = []
        for entry in fds.registrations(self.pid):
            now = here.get(entry.fd)
            if now is None or (None not in (entry.inode, now.inode) and entry.inode != now.inode):
                found.append(entry)
        return found

    def resting(self) -> list[threads.ThreadState]:
        """What each thread is in, once the server is at rest."""
        self.quiet()
        return threads.states(self.pid)

    def waiting(self) -> list[threads.ThreadState]:
        """The threads that sleep in select, poll or epoll_wait, once the server is at rest: its loops."""
        return [state for state in self.resting() if state.waits]

    def threads(self) -> list[int]:
        return threads.thread_ids(self.pid)

    def rss_bytes(self) -> int:
        return threads.rss_bytes(self.pid)

    def stderr_text(self) -> str:
        return self.process.stderr_text()

    # ---- its calls

    def mark(self) -> Mark:
        """This moment of the trace, the server being at rest."""
        self.quiet()
        return self.trace.mark()

    def calls(
        self, *names: str, since: Mark | None = None, fd: int | None = None, thread: int | None = None
    ) -> list[Call]:
        """Of these names or groups ('wait', 'recv', 'send', 'accept'), the server being at rest or ended."""
        self._settle()
        return self.trace.select(names, since=since, fd=fd, thread=thread)

    def decoded(
        self, *names: str, since: Mark | None = None, fd: int | None = None, thread: int | None = None
    ) -> list[Step]:
        """As calls(), but what muxlab.strace.decode makes of those that returned: Wait, Control, Transfer, Other."""
        self._settle()
        return self.trace.decoded(self.trace.select(names, since=since, fd=fd, thread=thread))
