"""selectors: the loop that Python's documentation shows, with a buffer for each client."""

from __future__ import annotations

import selectors
import signal
import socket
import time

from contract import announce, family, give_up, parse_options

HIGH_WATER = 64 * 1024  # bytes: with so many to send to a client, nothing more is read from it

options = parse_options()
ready = selectors.DefaultSelector()
pending: dict[socket.socket, bytearray] = {}
at_end: set[socket.socket] = set()


def accept(listener: socket.socket) -> None:
    try:
        client, _ = listener.accept()
    except (BlockingIOError, ConnectionAbortedError):
        return
    except OSError:  # no descriptors, no memory: not now
        time.sleep(0.1)
        return
    if len(pending) >= options.max_clients:
        client.close()
        return
    client.setblocking(False)
    pending[client] = bytearray()
    ready.register(client, selectors.EVENT_READ)


def hang_up(client: socket.socket) -> None:
    ready.unregister(client)
    del pending[client]
    at_end.discard(client)
    client.close()


def read(client: socket.socket) -> None:
    try:
        data = client.recv(16384)
    except BlockingIOError:
        return
    if data:
        pending[client] += options.prefix + data
    else:
        at_end.add(client)


def write(client: socket.socket) -> None:
    try:
        sent = client.send(pending[client])
    except BlockingIOError:
        return
    del pending[client][:sent]


def serve(client: socket.socket, events: int) -> None:
    try:
        if events & selectors.EVENT_READ:
            read(client)
        if pending[client]:
            write(client)
    except OSError:
        hang_up(client)
        return
    wanted = selectors.EVENT_WRITE if pending[client] else 0
    if client not in at_end and len(pending[client]) < HIGH_WATER:
        wanted |= selectors.EVENT_READ
    if wanted:
        ready.modify(client, wanted)
    else:
        hang_up(client)


try:
    listener = socket.create_server((options.host, options.port), family=family(options.host), backlog=128)
except OSError as error:
    give_up(error)
listener.setblocking(False)
ready.register(listener, selectors.EVENT_READ)
stopping, stop = socket.socketpair()
stopping.setblocking(False)
stop.setblocking(False)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: None)
signal.set_wakeup_fd(stop.fileno())
ready.register(stopping, selectors.EVENT_READ)
announce(listener)
running = True
while running:
    for key, events in ready.select():
        if key.fileobj is listener:
            accept(listener)
        elif key.fileobj is stopping:
            running = False
        else:
            assert isinstance(key.fileobj, socket.socket)
            serve(key.fileobj, events)
