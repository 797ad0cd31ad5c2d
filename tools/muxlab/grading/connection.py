"""A client's socket: what it has still to send, what has come, and whether anything is under way. It never blocks."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import struct
import termios

from muxlab.process import Address
from muxlab.sockets import CLOSE_WAIT, ESTABLISHED, SYN_RECV, Peer, Sockets

_CHUNK = 256 * 1024  # bytes for one call
_RESET = (errno.ECONNRESET, errno.EPIPE)
_GONE = (*_RESET, errno.ETIMEDOUT)


class Connection:
    def __init__(self, server: Address, *, rcvbuf: int | None, sndbuf: int | None, mss: int | None) -> None:
        self.server = server
        self.local = Address("", 0)
        self.script = bytearray()
        """All that was ever to be sent."""
        self.given = 0
        """So much of it our kernel has taken."""
        self.inbox = bytearray()
        """What has come and was not asked for yet."""
        self.received = 0
        self.end = ""
        """'end' when the server has closed its half, 'reset' when the connection is broken."""
        self.is_open = True
        self.is_up = False
        self._urgent = 0
        self._finished = False
        self._is_reset = False
        self._socket = socket.socket(socket.AF_INET6 if ":" in server.host else socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for level, option, size in (
            (socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf),
            (socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf),
            (socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss),
        ):
            if size is not None:
                self._socket.setsockopt(level, option, size)

    @property
    def pending(self) -> int:
        return len(self.script) - self.given

    @property
    def sent(self) -> int:
        """Bytes that our kernel has taken, urgent ones too."""
        return self.given + self._urgent

    @property
    def unread(self) -> int:
        """Bytes that have come and that we have not taken."""
        return self._ioctl(termios.FIONREAD)

    # ---- connecting, closing

    def begin(self) -> None:
        result = self._socket.connect_ex(tuple(self.server))
        if result not in (0, errno.EINPROGRESS):
            raise OSError(result, os.strerror(result))

    def try_to_finish(self) -> bool:
        """True once connected. Raises OSError if that has failed."""
        if not self.is_up and self._poll(select.POLLOUT, 0):
            error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error in _RESET:
                self.end = "reset"  # it was accepted, and hung up on before we have looked
            elif error != 0:
                raise OSError(error, os.strerror(error))
            self.is_up = True
            self.local = Address(*self._socket.getsockname()[:2])
        return self.is_up

    def finish_sending(self) -> None:
        if not self._finished and self.end != "reset":
            self._finished = True
            try:
                self._socket.shutdown(socket.SHUT_WR)
            except OSError as error:
                self._break(error)

    def close(self) -> None:
        self.is_open = False
        self._socket.close()

    def reset(self) -> None:
        if self.is_open:
            self._is_reset = True
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close()

    # ---- moving bytes

    def push(self) -> bool:
        """Sends what the kernel takes. True if it took anything."""
        before = self.given
        while self.pending and self.is_open and self.end != "reset":
            with memoryview(self.script) as whole, whole[self.given : self.given + _CHUNK] as piece:
                try:
                    self.given += self._socket.send(piece)
                except BlockingIOError:
                    break
                except OSError as error:
                    self._break(error)
        return self.given > before

    def push_urgent(self, byte: bytes) -> None:
        try:
            self._urgent += self._socket.send(byte, socket.MSG_OOB)
        except OSError as error:
            self._break(error)

    def take(self) -> bool:
        """Receives what is there. True if there was news."""
        before = (self.received, self.end)
        while self.is_up and self.is_open and not self.end:
            try:
                data = self._socket.recv(_CHUNK)
            except BlockingIOError:
                break
            except OSError as error:
                self._break(error)
                break
            if not data:
                self.end = "end"
            self.received += len(data)
            self.inbox += data
        return before != (self.received, self.end)

    def wait(self, ms: int, *, reading: bool) -> bool:
        """True as soon as there is something to push or to take; False after so long."""
        events = select.POLLIN if reading and not self.end else 0
        if self.pending or not self.is_up:
            events |= select.POLLOUT
        return self._poll(events, ms)

    # ---- what is under way

    def peer(self, sockets: Sockets) -> Peer | None:
        return sockets.peer_of(self.local, self.server) if self.is_up else None

    def has_unread(self, sockets: Sockets) -> bool:
        """The server has not read all that has arrived, or has not even accepted us."""
        peer = self.peer(sockets)
        return peer is not None and peer.state in (ESTABLISHED, CLOSE_WAIT) and (peer.unread > 0 or peer.inode == 0)

    def in_flight(self, sockets: Sockets) -> bool:
        """Something is on its way between the two kernels. What has arrived and is not read is not."""
        peer = self.peer(sockets)
        if peer is None:
            return False
        if peer.state == SYN_RECV:
            return not sockets.is_full(self.server)  # else the kernel tries again in a second
        if (self._finished or not self.is_open) and peer.state == ESTABLISHED and peer.unread == 0:
            return True  # our FIN or RST
        arrived = peer.received is not None and peer.received >= self.sent
        if self._is_reset and arrived and peer.state in (ESTABLISHED, CLOSE_WAIT):
            return True  # our RST: it needs no room, and what lies unread goes with it
        if not self.is_open:
            return False
        # Where only an acknowledgement is missing, which the server's kernel likes to put off, all has arrived.
        if peer.state in (ESTABLISHED, CLOSE_WAIT) and peer.unread == 0 and not arrived:
            return self._ioctl(termios.TIOCOUTQ) > 0
        if peer.unsent > 0 and self.end != "reset" and self.unread == 0:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # here it is ours: send it now
            return True
        return False

    def _ioctl(self, request: int) -> int:
        answer = fcntl.ioctl(self._socket, request, b"\0\0\0\0")
        return int(struct.unpack("i", answer)[0])

    def _poll(self, events: int, ms: int) -> bool:
        poller = select.poll()
        poller.register(self._socket, events)
        found = poller.poll(ms)
        # An error or a hang-up is always told. It is news only as long as we have not taken notice of it.
        return any(told & events or not self.end for _, told in found)

    def _break(self, error: OSError) -> None:
        if error.errno not in _GONE:
            raise error
        self.end = "reset"
