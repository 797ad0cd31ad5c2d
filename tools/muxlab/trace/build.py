"""From system calls to steps: what was waited for, what was told, who was served, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muxlab.compare.copies import copied, epoll_event_bytes
from muxlab.scenarios.stage import Beat
from muxlab.strace.decode import EPOLLS, Control, Decoder, Other, Transfer, Wait
from muxlab.strace.decode import Step as Decoded
from muxlab.strace.text import descriptor, label, split
from muxlab.strace.trace import Call, Exit, Signal, Trace
from muxlab.trace import waits
from muxlab.trace.descriptors import Descriptors, Life
from muxlab.trace.interest import InterestLists, Watched
from muxlab.trace.model import Accept, Ctl, Descriptor, Kind, Ready, Step, Wake
from muxlab.trace.model import Transfer as TransferDetail
from muxlab.trace.order import ACCEPTS, OPENS, WAITS, Event, in_order
from muxlab.trace.shown import escaped, line_of, question_of, shortened
from muxlab.trace.steps import Resolve, StepList


@dataclass(frozen=True)
class Built:
    steps: tuple[Step, ...]
    descriptors: tuple[Descriptor, ...]
    threads: tuple[int, ...]
    """The kernel's numbers; a step's tid is the place in here, from 1."""
    start: float
    """Seconds since the epoch."""
    left_out: int
    """Calls that are not about sockets, made before the server listened: loading libraries, mostly."""
    beyond: int
    """Steps beyond the limit."""


def build(
    trace: Trace, *, beats: Sequence[Beat] = (), clients: Mapping[str, str] | None = None, resolve: Resolve, limit: int
) -> Built:
    builder = _Builder(trace, beats, clients or {}, resolve, limit)
    for event in in_order(trace):
        builder.feed(event)
    return Built(
        tuple(builder.steps.steps),
        builder.descriptors.listed(),
        tuple(builder.steps.threads),
        builder.steps.start or 0.0,
        builder.steps.left_out,
        builder.beyond,
    )


class _Builder:
    def __init__(
        self, trace: Trace, beats: Sequence[Beat], clients: Mapping[str, str], resolve: Resolve, limit: int
    ) -> None:
        self.steps = StepList(trace, beats, resolve)
        self.descriptors = Descriptors(trace.calls, clients)
        self.beyond = 0
        self._limit = limit
        self._interest = InterestLists()
        decoder = Decoder()
        self._decoded = {id(call): decoder.step(call) for call in trace.in_order_of_return()}
        self._waits = waits.LastWaits()

    def feed(self, event: Event) -> None:
        if self.steps.next >= self._limit:
            self.beyond += 1
            return
        what = event.what
        if isinstance(what, Signal):
            self.steps.add(event, "signal", what.name, None, shortened(what.text), stack=what.stack)
        elif isinstance(what, Exit):
            ended = what.signal or f"exit code {what.code}"
            self.steps.add(event, "exit", "exit", None, f"ended: {ended}")
            for file in self.descriptors.ended(event.thread, max(0, self.steps.next - 1)):
                self._interest.file_closed(file)
        elif what.name in WAITS:
            self._wait(event, what)
        else:
            self._call(event, what)

    # ---- waiting -------------------------------------------------------------------------------------------------

    def _wait(self, event: Event, call: Call) -> None:
        wait = self._decoded.get(id(call)) or Decoder().step(call)
        epoll = self._argument(event, call) if call.name in EPOLLS else None
        if not isinstance(wait, Wait) and epoll is None:
            self.steps.add(event, "unknown", call.name, None, line_of(call), call)
        elif event.phase == "enter":
            asked = self._asked(event, wait, epoll)
            detail = self._waits.entered(call, wait if isinstance(wait, Wait) else None, asked)
            size = copied(wait).into_kernel if isinstance(wait, Wait) else 0
            self.steps.add(
                event,
                "wait_enter",
                call.name,
                epoll,
                question_of(call),
                call,
                detail,
                copied_in=size,
            )
        elif isinstance(wait, Wait):
            told = [waits.ready(one, self._told(event, one.fd)) for one in wait.ready]
            for one in wait.ready:
                if epoll is not None:
                    self._interest.reported(epoll.file, one.fd)
            kernel, user = waits.scanned(wait)
            self.steps.add(
                event,
                "wait_return",
                call.name,
                epoll,
                line_of(call),
                call,
                waits.returned(wait, told),
                copied_out=copied(wait).out_of_kernel,
                scanned_kernel=kernel,
                scanned_user=user,
            )

    def _asked(self, event: Event, wait: Decoded, epoll: Life | None) -> list[Ready]:
        if epoll is not None:
            return [Ready(one.fd, one.descriptor, one.events) for one in self._interest.of(epoll.file)]
        assert isinstance(wait, Wait)
        return [waits.ready(one, self._told(event, one.fd)) for one in wait.interest]

    def _told(self, event: Event, fd: int) -> str | None:
        if fd < 0:
            return None
        life = self.descriptors.find(event.thread, fd)
        life.shown = True
        return life.id

    # ---- everything else -----------------------------------------------------------------------------------------

    def _call(self, event: Event, call: Call) -> None:
        decoded = self._decoded.get(id(call)) or Decoder().step(call)
        if isinstance(decoded, Control):
            self._control(event, decoded)
        elif isinstance(decoded, Transfer):
            self._transfer(event, decoded)
        elif isinstance(decoded, Other) and call.name in ACCEPTS:
            self._accept(event, call)
        elif call.name in OPENS:
            self._open(event, call)
        elif call.name == "close":
            self._close(event, call)
        elif call.name in ("listen", "bind", "connect", "shutdown"):
            self._socket(event, call)
        elif call.name == "fcntl":
            if "F_DUPFD" in call.arguments:
                self._open(event, call)
        elif call.name in ("exit", "exit_group"):
            return  # the end itself is a line of its own
        else:
            self.steps.add(event, "other", call.name, self._argument(event, call), line_of(call), call)

    def _control(self, event: Event, control: Control) -> None:
        call = control.call
        epoll = self.descriptors.find(event.thread, control.epoll_fd, label(split(call.arguments)[0]))
        target = self.descriptors.find(event.thread, control.fd, label(split(call.arguments)[2]))
        target.shown = True
        if call.result == 0:
            watched = Watched(target.fd, target.id, target.file, control.bits)
            self._interest.control(epoll.file, control.operation, watched)
        detail = Ctl(control.operation, control.fd, target.id, control.bits)
        size = 0 if control.operation == "DEL" else epoll_event_bytes()
        self.steps.add(event, "ctl", call.name, epoll, line_of(call), call, detail, copied_in=size)

    def _transfer(self, event: Event, transfer: Transfer) -> None:
        call = transfer.call
        life = self.descriptors.find(event.thread, transfer.fd, transfer.label)
        moved = transfer.moved
        into, out_of = (moved, 0) if transfer.outward else (0, moved)
        if self._is_waker(life):
            kind: Kind = "wake_write" if transfer.outward else "wake_drain"
            value = int.from_bytes(transfer.data[:8], "little") if life.kind == "eventfd" and moved else moved
            detail = Wake(value, self._reader(life).id if transfer.outward else life.id)
            self.steps.add(event, kind, call.name, life, line_of(call), call, detail, copied_in=into, copied_out=out_of)
            return
        done = call.finished and not call.errno
        what = TransferDetail(transfer.asked, moved if done else None, escaped(transfer.data, moved))
        kind = "send" if transfer.outward else "recv"
        if life.kind != "connection":
            kind = "other"
        self.steps.add(event, kind, call.name, life, line_of(call), call, what, copied_in=into, copied_out=out_of)

    def _is_waker(self, life: Life) -> bool:
        """A channel that the program has made to talk to itself. A pipe that it was started with is its stdout."""
        if life.kind in ("pipe", "socketpair"):
            return life.made
        local, peer = life.addresses
        return life.kind == "eventfd" or (peer is not None and self.descriptors.by_addresses(peer, local) is not None)

    def _reader(self, life: Life) -> Life:
        """The descriptor that becomes readable when something is written to this one."""
        local, peer = life.addresses
        return life.twin or self.descriptors.by_addresses(peer, local) or life

    def _accept(self, event: Event, call: Call) -> None:
        listener = self._argument(event, call)
        new = None
        if call.result is not None and call.result >= 0:
            new = self.descriptors.opened(event.thread, call.result, call.result_label, self.steps.next)
            new.shown = True
        detail = Accept(new.fd if new else None, new.id if new else None)
        self.steps.add(event, "accept", call.name, listener, line_of(call), call, detail)

    def _open(self, event: Event, call: Call) -> None:
        life = None
        if call.name in ("pipe", "pipe2", "socketpair") and call.result == 0:
            ends = [
                self.descriptors.opened(event.thread, fd, label(text), self.steps.next)
                for text in _pair(call)
                if (fd := descriptor(text)) is not None
            ]
            for one, other in zip(ends, reversed(ends), strict=True):
                one.kind = "socketpair" if call.name == "socketpair" else "pipe"
                one.twin, one.shown = other, self.steps.listening
                life = one
        elif call.result is not None and call.result >= 0:
            same = self._argument(event, call) if call.name in ("dup", "dup2", "dup3", "fcntl") else None
            life = self.descriptors.opened(event.thread, call.result, call.result_label, self.steps.next, same)
            life.kind = same.kind if same else life.kind
        self.steps.add(event, "open", call.name, life, line_of(call), call)

    def _close(self, event: Event, call: Call) -> None:
        life = self._argument(event, call)
        self.steps.add(event, "close", call.name, life, line_of(call), call)
        if life is not None and call.result == 0:
            file = self.descriptors.closed(event.thread, life.fd, self.steps.next - 1)
            if file is not None:
                self._interest.file_closed(file)

    def _socket(self, event: Event, call: Call) -> None:
        life = self._argument(event, call)
        if call.name == "listen" and life is not None and call.result == 0:
            life.kind = "listener"
            self.steps.listening = True
        if call.name == "bind" and call.errno:
            self.steps.listening = True  # it never will, and what it does about that counts
        self.steps.add(event, "shutdown" if call.name == "shutdown" else "other", call.name, life, line_of(call), call)

    def _argument(self, event: Event, call: Call) -> Life | None:
        """The descriptor that is the first argument."""
        arguments = split(call.arguments)
        if not arguments or (fd := descriptor(arguments[0])) is None or fd < 0:
            return None
        return self.descriptors.find(event.thread, fd, label(arguments[0]))


def _pair(call: Call) -> list[str]:
    """The two descriptors of 'AF_UNIX, …, [5<…>, 6<…>]' or '[5<…>, 6<…>], O_CLOEXEC'."""
    for argument in split(call.arguments):
        if argument.startswith("["):
            return split(argument[1:-1])
    return []
