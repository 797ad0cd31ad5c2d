"""The scripts. Each beat() is a barrier: what stands between two of them happens in the same beat in every server."""

from __future__ import annotations

from muxlab.scenarios.actor import close_all, receive_all, send_all
from muxlab.scenarios.stage import Stage

READ_SIZE = 1024  # bytes: --read-size
TEN_KILOBYTES = bytes(range(256)) * 40
BURST = 80  # clients: more than the labs accept in one turn
IDLE = 100  # clients
MOST = 512 * 1024  # bytes that a slow reader sends: more than the kernel keeps for a narrow client
HANDED_OVER = 24  # clients


def hello(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    a.send(b"hello\n")
    stage.beat()
    a.receive(6)
    a.close()
    stage.beat()


def two_clients(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    b = stage.connect("B")
    stage.beat()
    a.send(b"one\n")
    stage.beat()
    b.send(b"two\r\nand some more\r\n")
    stage.beat()
    a.receive(4)
    b.receive(20)
    stage.beat()
    with stage.held():
        a.send(b"three\n")
        b.send(b"four\n")
    stage.beat()
    a.receive(6)
    b.receive(5)
    a.close()
    stage.beat()
    b.send(b"still here\n")
    stage.beat()
    b.receive(11)
    b.close()
    stage.beat()


def ten_kilobytes(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    a.send(TEN_KILOBYTES)
    stage.beat()
    a.receive(len(TEN_KILOBYTES))
    a.close()
    stage.beat()


def slow_reader(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A", narrow=True)
    b = stage.connect("B")
    stage.beat()
    sent = a.send_all_it_takes(MOST)
    stage.beat()
    b.send(b"hello\n")
    stage.beat()
    b.receive(6)
    stage.beat()
    a.receive(sent)
    stage.beat()
    a.close()
    b.close()
    stage.beat()


def half_close(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    b = stage.connect("B")
    stage.beat()
    with stage.held(by=b):
        a.send(b"my last words\n")
        a.half_close()
    stage.beat()
    a.receive()
    a.close()
    b.receive(1)
    b.close()
    stage.beat()


def reset(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A")
    b = stage.connect("B")
    stage.beat()
    a.reset()
    stage.beat()
    b.send(b"hello\n")
    stage.beat()
    b.receive(6)
    b.close()
    stage.beat()


def burst(stage: Stage) -> None:
    stage.beat()
    clients = stage.crowd(BURST)
    stage.beat()
    a = clients[0]
    a.send(b"hello\n")
    stage.beat()
    a.receive(6)
    stage.beat()
    close_all(stage, clients, f"all {BURST}")
    stage.beat()


def many_idle(stage: Stage) -> None:
    stage.beat()
    idle = stage.crowd(IDLE, "idle client")
    stage.beat()
    a = stage.connect("A")
    stage.beat()
    for _ in range(3):
        a.send(b"hello\n")
        stage.beat()
        a.receive(6)
        stage.beat()
    a.close()
    stage.beat()
    close_all(stage, idle, f"all {IDLE} idle clients", reset=True)
    stage.beat()


def fd_setsize(stage: Stage) -> None:
    stage.beat()
    clients = []
    for name in "ABCDEFGHIJKLMNOPQRST":
        clients.append(stage.connect(name))
        stage.beat()
    first, last = clients[0], clients[-1]
    first.send(b"hello\n")
    last.send(b"and I?\n")
    stage.beat()
    first.receive(6)
    last.receive(7)
    stage.beat()
    close_all(stage, clients, f"all {len(clients)}")
    stage.beat()


def out_of_descriptors(stage: Stage) -> None:
    stage.beat()
    served = [stage.connect(name) for name in "ABC"]
    stage.beat()
    d = stage.connect("D")
    e = stage.connect("E")
    stage.beat()
    served[0].send(b"hello\n")
    stage.beat()
    served[0].receive(6)
    d.receive(0)
    stage.beat()
    served[1].close()
    stage.beat()
    f = stage.connect("F")
    f.send(b"is there room?\n")
    stage.beat()
    f.receive(15)
    stage.beat()
    close_all(stage, [served[0], served[2], d, e, f], "the others")
    stage.beat()


def post_burst(stage: Stage) -> None:
    stage.beat()
    clients = stage.crowd(HANDED_OVER)
    stage.beat()
    send_all(stage, clients, f"all {HANDED_OVER}", b"hello\n")
    stage.beat()
    receive_all(stage, clients, f"all {HANDED_OVER}", 6)
    stage.beat()
    close_all(stage, clients, f"all {HANDED_OVER}")
    stage.beat()


def stop_while_busy(stage: Stage) -> None:
    stage.beat()
    a = stage.connect("A", narrow=True)
    b = stage.connect("B")
    stage.connect("C")
    stage.beat()
    a.send_all_it_takes(MOST)
    stage.beat()
    b.send(TEN_KILOBYTES)
