"""Ready is what was true when the question was answered: accept and recv after it can still find nothing."""

import os
import select
import socket
import struct

HALF_A_SECOND = struct.pack("ll", 0, 500_000)  # instead of for ever, so that this program ends


def ready(one: socket.socket) -> bool:
    return bool(select.select([one], [], [], 5)[0])


listener = socket.create_server(("127.0.0.1", 0))
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, HALF_A_SECOND)
client = socket.create_connection(listener.getsockname())
print("listener ready:", ready(listener))
server = socket.socket(fileno=os.dup(listener.fileno())).accept()[0]  # another process with this listener is faster
try:
    listener.accept()
except BlockingIOError:
    print("accept: slept, until SO_RCVTIMEO ended it")

server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, HALF_A_SECOND)
client.send(b"hello")
print("connection ready:", ready(server))
socket.socket(fileno=os.dup(server.fileno())).recv(100)  # another thread that reads this connection is faster
try:
    server.recv(100)
except BlockingIOError:
    print("recv: slept, until SO_RCVTIMEO ended it")
