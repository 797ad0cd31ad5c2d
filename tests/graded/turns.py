"""Where clients share a thread, and how far that thread has come."""

from __future__ import annotations

from muxlab.grading import LabUnderTest, ServerUnderTest, Trap


def one_loop(lab: LabUnderTest) -> list[str]:
    """Options for a server with all its clients in one thread: lab 05 would spread them."""
    return ["--threads", "1"] if lab.number == "05" else []


def steps(server: ServerUnderTest, trap: Trap) -> bool:
    """Lets the held thread make its call. True once one is held again; False if the server comes to rest instead."""
    before = trap.count
    trap.step()
    watch = server.watch()
    while trap.count == before:
        if watch.look():
            return trap.count > before
        watch.pause()
    return True
