"""More scripts: what comes at a bad moment. The server is held, robbed, interrupted, or told that something failed."""

from __future__ import annotations

from muxlab.scenarios.actor import close_all, receive_all, send_all
from muxlab.scenarios.stage import Stage

LATE = 40 * 1024  # bytes: more than the kernel takes for a narrow client, and so little that all is read
GREEDY = bytes(range(256)) * 80  # 20 KB: more reads of READ_SIZE than one client gets in a turn of lab 04
RUSH = 80  # clients: more than there are in one turn


def late_reader(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A", narrow=True)
    stage.beat()
    sent = a.send_all_it_takes(LATE)
    stage.beat()
    a.half_close()
    stage.beat()
    a.receive(sent)
    a.close()
    stage.beat()


def one_turn(stage: Stage) -> None:
    stage.beat()
    z = stage.connect("Z")
    a = stage.connect("A")
    m = stage.connect("M", narrow=True)
    w = stage.connect("W")
    c = stage.connect("C")
    stage.beat()
    with stage.held(by=w):
        z.close()
        c.send(b"my turn\n")
    stage.beat()
    c.receive(8)
    stage.beat()
    sent = m.send_all_it_takes(LATE)
    stage.beat()
    with stage.held(by=w):
        got = m.receive()
        for one in (a, m, c):
            one.send(b"hello\n")
    stage.beat()
    a.receive(6)
    m.receive(sent - got + 6)
    c.receive(6)
    stage.beat()
    close_all(stage, [a, m, w, c], "the others", reset=True)
    stage.beat()


def greedy(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    b = stage.connect("B")
    w = stage.connect("W")
    stage.beat()
    with stage.held(by=w):
        a.send(GREEDY)
        b.send(b"hello\n")
    stage.beat()
    a.receive(len(GREEDY))
    b.receive(6)
    w.receive(1)
    close_all(stage, [a, b, w], "all")
    stage.beat()


def rush(stage: Stage) -> None:
    stage.beat()
    w = stage.connect("W")
    stage.beat()
    with stage.held(by=w):
        clients = stage.crowd(RUSH)
    stage.beat()
    w.receive(1)
    with stage.held(by=w):
        send_all(stage, clients, f"all {RUSH}", b"hello\n")
    stage.beat()
    receive_all(stage, clients, f"all {RUSH}", 6)
    w.receive(1)
    stage.beat()
    close_all(stage, [w, *clients], "all", reset=True)
    stage.beat()


def gone(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    b = stage.connect("B")
    stage.beat()
    with stage.held():
        a.send(b"hello\n")
        stage.steal_bytes(a)
    stage.beat()
    b.send(b"and I?\n")
    stage.beat()
    b.receive(7)
    stage.beat()
    d = stage.connect("D")
    stage.beat()
    with stage.held(by=b):
        d.send(b"answer that\n")
        d.half_close()
        d.reset()
    stage.beat()
    b.receive(1)
    stage.beat()
    with stage.held():
        c = stage.connect("C")
        stage.steal_client()
    stage.beat()
    b.send(b"and now?\n")
    stage.beat()
    b.receive(9)
    close_all(stage, [b, c], "the others")
    stage.beat()


def urgent(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    a.send_urgent(b"!")
    stage.beat()
    a.send(b"hello\n")
    stage.beat()
    a.receive(6)
    a.close()
    stage.beat()


def twice_hello(stage: Stage) -> None:
    """For what goes wrong at one call only: before it and after it all is well."""
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    a.send(b"hello\n")
    stage.beat()
    a.receive(6)
    stage.beat()
    a.send(b"and again\n")
    stage.beat()
    a.receive(10)
    a.close()
    stage.beat()


def short_of_memory(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    stage.idle()  # a server may rest between two tries
    stage.beat()
    a.send(b"hello\n")
    stage.beat()
    a.receive(6)
    a.close()
    stage.beat()


def four_clients(stage: Stage) -> None:
    stage.beat()
    clients = []
    for name in "ABCD":
        clients.append(stage.connect(name))
        stage.beat()
    send_all(stage, clients, "all four", b"hello\n")
    stage.beat()
    receive_all(stage, clients, "all four", 6)
    close_all(stage, clients, "all four")
    stage.beat()


def nothing_happens(stage: Stage) -> None:
    stage.beat()
    stage.idle()
    stage.beat()
    a = stage.connect("A")
    a.send(b"hello\n")
    stage.beat()
    a.receive(6)
    a.close()
    stage.beat()


def tasks(stage: Stage) -> None:
    """The client of task_probe says what is to be posted, and receives a word from each task that runs."""
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    for line in ("a task posts a task", "three tasks, and one that throws", "stop before run"):
        a.send(f"{line}\n".encode())
        stage.beat()
        a.receive()
        stage.beat()
    a.half_close()
    stage.beat()
    a.receive()
    a.close()
    stage.beat()


def handlers(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    for line in ("two in one batch", "a copy stays open"):
        a.send(f"{line}\n".encode())
        stage.beat()
        a.receive()
        stage.beat()
    a.close()
    stage.beat()


def full_channel(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    a.send(b"wake it 300 times\n")
    stage.beat()
    a.receive()
    a.close()
    stage.beat()
