"""select and poll have no trigger modes: one unread byte, each mechanism asked twice."""

import ctypes
import os
import select

reader, writer = os.pipe()
os.write(writer, b"x")

print("select:      ", *(len(select.select([reader], [], [], 0)[0]) for _ in range(2)))

poll = select.poll()
poll.register(reader, select.POLLIN)
print("poll:        ", *(len(poll.poll(0)) for _ in range(2)))

for name, flags in (("epoll, level", 0), ("epoll, edge ", select.EPOLLET)):
    epoll = select.epoll()
    epoll.register(reader, select.EPOLLIN | flags)
    print(f"{name}:", *(len(epoll.poll(0)) for _ in range(2)))

print(f"EPOLLET is bit {select.EPOLLET.bit_length() - 1}; pollfd.events has {ctypes.sizeof(ctypes.c_short) * 8} bits")
