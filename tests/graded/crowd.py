"""Many clients, for servers that let only a few of them wait: the contract promises no backlog."""

from __future__ import annotations

from muxlab.grading import Client, ServerUnderTest

AT_A_TIME = 4  # fewer than listen(fd, 5) lets wait; of those above, the kernel hears again only after a second


def crowd(server: ServerUnderTest, number: int) -> list[Client]:
    """c1 to cN. All have been accepted, or hung up on, by a server that accepts whoever waits."""
    clients: list[Client] = []
    with server.story.step(f"{number} clients connect"):
        while len(clients) < number:
            first = len(clients) + 1
            clients += [server.client(f"c{n}") for n in range(first, min(first + AT_A_TIME, number + 1))]
            server.quiet()
    return clients
