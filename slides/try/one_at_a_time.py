"""A server that sleeps in recv for one client does not hear the other."""

import socket
import threading
from select import select

listener = socket.create_server(("127.0.0.1", 0))


def serve() -> None:
    clients = [listener.accept()[0] for _ in range(2)]
    while data := clients[0].recv(100):  # sleeps here, whoever else speaks
        clients[0].send(data)
        clients[1].send(clients[1].recv(100))


threading.Thread(target=serve, daemon=True).start()
a, b = (socket.create_connection(listener.getsockname()) for _ in range(2))
b.send(b"hello from B")
print("B has spoken. An answer within a second:", bool(select([b], [], [], 1)[0]))
a.send(b"hello from A")
print("Now A speaks. B hears:", b.recv(100).decode())
