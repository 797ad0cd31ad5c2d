"""The key of an interest list is the open file and the number, not the number alone."""

import os
import select

reader, writer = os.pipe()
epoll = select.epoll()
epoll.register(reader, select.EPOLLIN)
try:
    epoll.register(reader, select.EPOLLIN)
except FileExistsError:
    print("the same number and the same open file again: EEXIST")

other = os.dup(reader)
epoll.register(other, select.EPOLLIN)
print("another number for the same open file: a second entry")

os.write(writer, b"x")
print(f"one byte, {len(epoll.poll(0))} events")

os.close(reader)
events = epoll.poll(0)
print(f"one of the two is closed, still {len(events)} events: the open file lives, and so do both entries")

os.dup2(os.pipe()[0], reader)
epoll.register(reader, select.EPOLLIN)
print("the closed number again, for another open file: a third entry")
