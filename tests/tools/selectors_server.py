"""An echo server on Python's selectors. It listens on the port it is given, and says nothing."""

from __future__ import annotations

import selectors
import socket
import sys

MOST_WAITING = 64 * 1024  # bytes: with more, it stops reading

selector = selectors.DefaultSelector()
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
waiting: dict[socket.socket, bytearray] = {}


def serve(client: socket.socket, events: int) -> None:
    output = waiting[client]
    try:
        if events & selectors.EVENT_READ:
            data = client.recv(4096)
            if not data:
                leave(client)
                return
            output += data
        del output[: client.send(output)]
    except BlockingIOError:
        pass
    except ConnectionError:
        leave(client)
        return
    reads = selectors.EVENT_READ if len(output) < MOST_WAITING else 0
    selector.modify(client, reads | (selectors.EVENT_WRITE if output else 0))


def leave(client: socket.socket) -> None:
    del waiting[client]
    selector.unregister(client)
    client.close()


while True:
    for key, events in selector.select():
        ready = key.fileobj
        assert isinstance(ready, socket.socket)
        if ready is listener:
            client, _ = listener.accept()
            client.setblocking(False)
            waiting[client] = bytearray()
            selector.register(client, selectors.EVENT_READ)
        else:
            serve(ready, events)
