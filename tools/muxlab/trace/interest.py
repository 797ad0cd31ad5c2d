"""What each epoll descriptor watches: its interest list, as epoll_ctl has made it so far."""

from __future__ import annotations

from dataclasses import dataclass

ONCE_OVER = frozenset({"ET", "ONESHOT", "EXCLUSIVE", "WAKEUP"})  # what the kernel keeps of a ONESHOT that has fired


@dataclass(frozen=True)
class Watched:
    fd: int
    descriptor: str
    file: int
    """The kernel's key is number and open file description together."""
    events: tuple[str, ...]


class InterestLists:
    def __init__(self) -> None:
        self._lists: dict[int, dict[tuple[int, int], Watched]] = {}

    def control(self, epoll_file: int, operation: str, watched: Watched) -> None:
        """An epoll_ctl that succeeded."""
        entries = self._lists.setdefault(epoll_file, {})
        key = (watched.fd, watched.file)
        if operation == "DEL":
            entries.pop(key, None)
        else:
            entries[key] = watched

    def reported(self, epoll_file: int, fd: int) -> None:
        """epoll_wait told of it: a ONESHOT is silent from now on, until the next EPOLL_CTL_MOD."""
        entries = self._lists.get(epoll_file, {})
        for key, watched in entries.items():
            if key[0] == fd and "ONESHOT" in watched.events:
                kept = tuple(event for event in watched.events if event in ONCE_OVER)
                entries[key] = Watched(watched.fd, watched.descriptor, watched.file, kept)

    def file_closed(self, file: int) -> None:
        """The last descriptor of an open file description is gone: so is the entry, in every list."""
        self._lists.pop(file, None)
        for entries in self._lists.values():
            for key in [key for key in entries if key[1] == file]:
                del entries[key]

    def of(self, epoll_file: int) -> tuple[Watched, ...]:
        """In the order of the descriptor numbers: the kernel keeps a tree, and promises no order."""
        return tuple(sorted(self._lists.get(epoll_file, {}).values(), key=lambda watched: watched.fd))
