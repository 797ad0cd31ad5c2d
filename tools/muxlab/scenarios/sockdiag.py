"""Asks the kernel for the state of one TCP connection: sock_diag(7), which does not walk through them all."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from muxlab.process import Address

ESTABLISHED, SYN_RECEIVED, FIN_WAIT_1, CLOSE_WAIT = 1, 3, 4, 8
_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, _NLMSG_ERROR = 4, 20, 1, 2
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBxI")  # inet_diag_req_v2: family, protocol, extensions, states
_ANY_COOKIE = b"\xff" * 8
_PATIENCE = 1.0  # seconds; the kernel answers at once


@dataclass(frozen=True)
class End:
    """One end of a connection."""

    state: int
    unacknowledged: int
    """Bytes sent, or waiting to be sent."""


def look_up(local: Address, remote: Address) -> End | None:
    """None if there is no such socket, or the kernel cannot be asked."""
    family = socket.AF_INET6 if ":" in local.host else socket.AF_INET
    ports = struct.pack("!HH", local.port, remote.port)
    hosts = b"".join(socket.inet_pton(family, one.host).ljust(16, b"\0") for one in (local, remote))
    request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + ports + hosts + bytes(4) + _ANY_COOKIE
    header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as link:
            link.settimeout(_PATIENCE)
            link.send(header + request)
            answer = link.recv(4096)
    except OSError:
        return None
    if len(answer) < _HEADER.size + 68 or _HEADER.unpack_from(answer)[1] == _NLMSG_ERROR:
        return None
    # inet_diag_msg: family, state, timer, retransmissions; 48 bytes of identity; expires, rqueue, wqueue, uid, inode
    state = answer[_HEADER.size + 1]
    return End(state, struct.unpack_from("=I", answer, _HEADER.size + 4 + 48 + 8)[0])
