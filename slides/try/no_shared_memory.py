"""epoll shares no memory with user space: no mapping appears, and asking for one is refused."""

import mmap
import os
import select
from pathlib import Path


def mappings() -> int:
    """Of anything that an epoll instance is called in /proc."""
    return Path("/proc/self/maps").read_text().count("eventpoll")


reader, writer = os.pipe()
os.write(writer, b"x")
epoll = select.epoll()
epoll.register(reader, select.EPOLLIN)
told = epoll.poll(0)
print("the descriptor is", Path(f"/proc/self/fd/{epoll.fileno()}").readlink())
print(f"after epoll_ctl and epoll_wait = {len(told)}: {mappings()} mappings of it in /proc/self/maps")
try:
    mmap.mmap(epoll.fileno(), 4096)
except OSError as error:
    print(f"mmap of the epoll descriptor: {error.strerror}")
