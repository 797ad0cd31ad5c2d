"""The server's side of a connection, asked of the kernel: its state, its queues, its inode."""

from __future__ import annotations

import os
import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from muxlab.proc import descriptor_numbers
from muxlab.process import Address

ESTABLISHED, SYN_RECV, FIN_WAIT_1, TIME_WAIT, CLOSE_WAIT, LISTEN = 1, 3, 4, 6, 8, 10

# linux/inet_diag.h and linux/sock_diag.h
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NLMSG_ERROR = 2
_INET_DIAG_INFO = 2
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_UNACKED = 24  # struct tcp_info: the offset of tcpi_unacked
_BYTES_RECEIVED = 128  # and of tcpi_bytes_received


@dataclass(frozen=True)
class Peer:
    """The socket at the server's end."""

    state: int
    unread: int
    """Bytes that have arrived and that the server has not read; on a listener, connections not accepted."""
    unsent: int
    """Bytes the server has written that the client's kernel has not acknowledged."""
    inode: int
    """0: the server has closed it, and the kernel finishes the work."""
    received: int | None
    """All bytes that ever arrived; None where the kernel does not say."""
    unacked: int | None = None
    """Segments that are on their way; those that wait for the client's window to open are not among them."""


class Sockets:
    """Looks connections up. One of it for a test run: it keeps a netlink socket."""

    def __init__(self, *, netlink: bool = True) -> None:
        self._diag: socket.socket | None = None
        if netlink:
            try:
                self._diag = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG)
                self._ask(self._diag, Address("127.0.0.1", 1), Address("127.0.0.1", 1))
            except OSError:  # no such protocol here, or not permitted: /proc/net/tcp says enough, and is slow
                self.close()

    def close(self) -> None:
        if self._diag is not None:
            self._diag.close()
            self._diag = None

    def peer_of(self, client: Address, server: Address) -> Peer | None:
        """The server's end of the connection from `client`; None if there is none (any more)."""
        if self._diag is None:
            return _look_up(client, server)
        return self._ask(self._diag, client, server)

    def inode_of_listener(self, server: Address) -> int | None:
        peer = self.peer_of(Address("::" if ":" in server.host else "0.0.0.0", 0), server)
        return peer.inode if peer and peer.state == LISTEN else None

    def is_full(self, server: Address) -> bool:
        """So many clients wait to be accepted that the kernel ignores what others send."""
        peer = self.peer_of(Address("::" if ":" in server.host else "0.0.0.0", 0), server)
        # For a listener netlink has the backlog where the unsent bytes would be; /proc has nothing.
        return peer is not None and peer.state == LISTEN and peer.unread > peer.unsent > 0

    def _ask(self, diag: socket.socket, client: Address, server: Address) -> Peer | None:
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        ours, theirs = (socket.inet_pton(family, address.host).ljust(16, b"\0") for address in (server, client))
        wanted = struct.pack(">HH", server.port, client.port) + ours + theirs
        anything = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)  # any interface, any cookie
        body = _REQUEST.pack(family, socket.IPPROTO_TCP, 1 << (_INET_DIAG_INFO - 1), 0, 0xFFFFFFFF) + wanted + anything
        length = _HEADER.size + len(body)
        diag.send(_HEADER.pack(length, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + body)
        return _parse(diag.recv(65536), client)


def fd_of_inode(pid: int, inode: int) -> int | None:
    """The lowest descriptor that is this socket."""
    wanted = f"socket:[{inode}]"
    for name in descriptor_numbers(pid):
        try:
            if os.readlink(f"/proc/{pid}/fd/{name}") == wanted:  # noqa: PTH115
                return int(name)
        except OSError:
            continue
    return None


def _parse(answer: bytes, client: Address) -> Peer | None:
    length, kind = struct.unpack_from("=IH", answer)
    if kind == _NLMSG_ERROR:
        (code,) = struct.unpack_from("=i", answer, _HEADER.size)
        if -code in (2, 0):  # ENOENT
            return None
        raise OSError(-code, os.strerror(-code))
    message = answer[_HEADER.size : length]
    state = message[1]
    (port,) = struct.unpack_from(">H", message, 6)
    if port != client.port:
        return None  # the kernel falls back on the listener when it does not find the connection
    unread, unsent, _, inode = struct.unpack_from("=IIII", message, 56)
    info = _tcp_info(message[72:])
    return Peer(state, unread, unsent, inode, _number(info, "=Q", _BYTES_RECEIVED), _number(info, "=I", _UNACKED))


def _tcp_info(attributes: bytes) -> bytes:
    while len(attributes) >= 4:
        length, kind = struct.unpack_from("=HH", attributes)
        if kind == _INET_DIAG_INFO:
            return attributes[4:length]
        attributes = attributes[max(4, (length + 3) & ~3) :]
    return b""


def _number(info: bytes, form: str, offset: int) -> int | None:
    """None where the kernel is too old to tell."""
    if len(info) < offset + struct.calcsize(form):
        return None
    return int(struct.unpack_from(form, info, offset)[0])


def _look_up(client: Address, server: Address) -> Peer | None:
    """From /proc/net/tcp and tcp6, which list all sockets there are."""
    table = Path("/proc/net/tcp6" if ":" in server.host else "/proc/net/tcp").read_bytes()
    wanted = rf"^ *\d+: {_hex(server)} {_hex(client)} (\w+) (\w+):(\w+) \S+ \S+ +\d+ +\d+ (\d+)".encode()
    found = re.search(wanted, table, re.MULTILINE)
    if found is None:
        return None
    state, unsent, unread = (int(found[number], 16) for number in (1, 2, 3))
    return Peer(state, unread, unsent, int(found[4]), None)


def _hex(address: Address) -> str:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    packed = socket.inet_pton(family, address.host)
    # Each group of four bytes is printed as one number of this machine.
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{address.port:04X}"
