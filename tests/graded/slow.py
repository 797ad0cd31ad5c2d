"""Clients that read late, and what they bring about: a server that holds a reply which its kernel does not take."""

from __future__ import annotations

from muxlab.grading import Client, LabUnderTest, ServerUnderTest

_STEP = 8 * 1024  # bytes: well below what any server may hold for one client


def slow_client(server: ServerUnderTest, name: str = "A") -> Client:
    """Small buffers, and segments as on an Ethernet: the server's kernel takes some 50 KB for it, and not 4 MB."""
    return server.client(name, rcvbuf=4096, mss=1448)


def overfill(lab: LabUnderTest, server: ServerUnderTest, client: Client) -> None:
    """Ends with the server holding a part of its reply; so little that it reads on: nothing lies unread."""
    with lab.story.step(f"{client.name} sends, and reads nothing, until the kernel takes no more of the reply"):
        server.quiet()  # a send is counted when it has returned, and who reads its bytes may be quicker
        while server.gate.sent == server.gate.received and not client.pending_count:
            client.sends(lab.bytes(_STEP))
            server.quiet()


def stall(lab: LabUnderTest, server: ServerUnderTest, client: Client, size: int) -> None:
    """Ends when the reply has no room in the kernels: the server has been told so, or has left a part unread.

    That the client could hand everything over does not say it: what is sent may lie in its own kernel at first.
    """
    with lab.story.step(f"{client.name} sends, and reads nothing, until the kernels have no room for the reply"):
        while server.reply_in_kernels(client) >= client.sent_count - client.received_count:
            client.sends(lab.bytes(size))


def drain(server: ServerUnderTest, client: Client) -> None:
    """The client reads what the kernels have of its reply: the server's next send finds all the room there is."""
    missing = client.sent_count - client.received_count  # a wrong server may have sent more than that
    client.reads(min(missing, server.reply_in_kernels(client)))
