"""maxevents has nothing to do with epoll_create's size: a size of 1, seven ready descriptors, and room for three."""

from ctypes import CDLL, Structure, byref, c_uint32, c_uint64
from os import pipe, write


class Event(Structure):
    _pack_ = 1  # as on x86-64: see epoll_event in epoll_ctl(2)
    _fields_ = (("events", c_uint32), ("data", c_uint64))


libc = CDLL(None)
EPOLL_CTL_ADD, EPOLLIN = 1, 1
epoll = libc.epoll_create(1)  # the size only has to be above 0
pipes = [pipe() for _ in range(7)]
for reader, writer in pipes:
    write(writer, b"x")
    event = Event(EPOLLIN, reader)
    assert libc.epoll_ctl(epoll, EPOLL_CTL_ADD, reader, byref(event)) == 0

room = (Event * 3)()
for _ in range(1, 5):
    count = libc.epoll_wait(epoll, room, 3, 0)
    told = [pipes.index(next(one for one in pipes if one[0] == event.data)) + 1 for event in room[:count]]
    print(f"epoll_wait(…, maxevents = 3) = {count}: pipes {told}")
