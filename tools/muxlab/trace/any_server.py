"""Starts a program that knows nothing of this kit: it says nothing on stdout, and listens where it was told to."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.process import Address, Server, descendants

PAUSE = 0.002  # seconds between two looks, so that the server has the processor meanwhile
# Seconds: backstops. A traced server on a busy machine takes its time.
START_DEADLINE = 120.0
STOP_DEADLINE = 60.0
LISTENING = "0A"  # /proc/net/tcp


class AnyServer(Server):
    """`command` is a command line; {port} in it stands for the port. It listens on loopback or on all addresses."""

    def __init__(self, command: str, port: int, *, prefix: Sequence[str] = (), pass_fds: Sequence[int] = ()) -> None:
        words = command_words(command.replace("{port}", str(port)))
        super().__init__(
            Path(words[0]),
            prefix=prefix,
            pass_fds=pass_fds,
            start_deadline=START_DEADLINE,
            stop_deadline=STOP_DEADLINE,
        )
        self.arguments = words
        self._command = [*prefix, *self.arguments]
        self._port = port

    def __enter__(self) -> AnyServer:
        if found := listening_on(self._port):
            raise MuxlabError(f"port {self._port} is taken: something listens on {found}; choose another --port")
        super().__enter__()
        return self

    def send_signal(self, number: signal.Signals) -> None:
        """Also to the processes that it has started, as Ctrl-C on a terminal would: some serve each client in one."""
        family = descendants(self.pid)
        super().send_signal(number)
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _await_first_line(self) -> Address:
        """There is none to wait for: it is up when it listens."""
        deadline = time.monotonic() + self._start_deadline
        while (address := listening_on(self._port)) is None:
            if self._running.poll() is not None:
                raise self._ended_early()
            if time.monotonic() > deadline:
                raise MuxlabError(f"{self.name} does not listen on port {self._port} after {self._start_deadline:g} s")
            time.sleep(PAUSE)
        return address


def command_words(command: str) -> list[str]:
    """As the shell cuts it, the program with its path."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise MuxlabError(f"--server '{command}' is no command line: {error}") from None
    if not words:
        raise MuxlabError("--server needs a command, for example --server 'socat TCP-LISTEN:{port},fork PIPE'")
    program = shutil.which(words[0])
    if program is None:
        raise MuxlabError(f"there is no program {words[0]}: build or install it first, or check the path")
    return [program, *words[1:]]


def listening_on(port: int) -> Address | None:
    """Where to connect to, to reach who listens on this port; None if nobody does."""
    for name, loopback in (("tcp", "127.0.0.1"), ("tcp6", "::1")):
        try:
            lines = Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        except OSError:
            continue  # no IPv6
        for line in lines:
            columns = line.split()
            host, _, number = columns[1].partition(":")
            if columns[3] == LISTENING and int(number, 16) == port:
                return Address(loopback if re.fullmatch("0+", host) else _host(host), port)
    return None


def free_port() -> int:
    """One that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def used_port() -> int:
    """One whose last connection is in TIME_WAIT: the server's side, because it hung up first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        server.close()
        client.close()
        return int(listener.getsockname()[1])


def _host(digits: str) -> str:
    """'0100007F' → '127.0.0.1': groups of four bytes, each in the machine's order."""
    groups = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    return socket.inet_ntop(socket.AF_INET if len(groups) == 1 else socket.AF_INET6, b"".join(groups))
