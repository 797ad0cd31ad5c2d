"""epoll's callback hangs on the wait queue of what is watched. Whether a device driver is behind it does not matter."""

import os
import select
import socket

ours, peer = socket.socketpair()
reader, writer = os.pipe()
inner = select.epoll()
inner.register(reader, select.EPOLLIN)

outer = select.epoll()
for name, fd in (("a socket without a network", ours.fileno()), ("a pipe", reader), ("another epoll", inner.fileno())):
    outer.register(fd, select.EPOLLIN)
    print(f"{name}: watched, and no driver is involved")
try:
    outer.register(os.open("/proc/self/exe", os.O_RDONLY), select.EPOLLIN)
except PermissionError:
    print("a file on a disk, which has a driver: EPERM, for it has no wait queue to hang on")

peer.send(b"x")
os.write(writer, b"x")
print(f"one byte for the socket, one for the pipe: {len(outer.poll(0))} events")
