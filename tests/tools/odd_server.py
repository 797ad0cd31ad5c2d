"""Echo servers in Python, to try the graded suite's instruments on: some are right, the others wrong on purpose."""

from __future__ import annotations

import argparse
import asyncio
import os
import selectors
import signal
import socket
import struct
import sys
import threading
import time
from contextlib import suppress

parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=8080)
parser.add_argument("--mode", default="good")
options = parser.parse_args()
mode: str = options.mode


def say_where(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    print(f"listening on {host}:{port}", flush=mode != "buffered")


def answer(data: bytes) -> bytes:
    """What the wrong ones make of it."""
    if mode == "mute":
        return b""
    if mode == "half":
        return data[: len(data) // 2]
    if mode == "wrong":
        return data[:17] + bytes([data[17] ^ 1]) + data[18:] if len(data) > 17 else data
    if mode == "chatty":
        return data + b"?"
    if mode == "crash":
        print("about to crash", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "blocks":
        os.read(os.pipe()[0], 1)
    if mode == "heir":
        parent = os.getpid()
        if os.fork() == 0:
            outlive(parent)
            os._exit(0)
    return data


def with_selectors() -> None:
    listener = socket.create_server((options.host, options.port), backlog=128)
    listener.setblocking(False)
    ready = selectors.DefaultSelector()
    ready.register(listener, selectors.EVENT_READ)
    while mode == "frantic":
        with suppress(BlockingIOError):
            listener.accept()
    say_where(listener)
    late: list[tuple[socket.socket, bytes]] = []
    while True:
        events = ready.select(0.1 if mode == "late" else None)
        while not events and late:
            client, data = late.pop()
            client.sendall(data)
        for key, _ in events:
            if key.fileobj is listener:
                client, _ = listener.accept()
                if mode == "slams":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.close()
                    continue
                ready.register(client, selectors.EVENT_READ)
                continue
            assert isinstance(key.fileobj, socket.socket)
            try:
                data = key.fileobj.recv(65536)
            except ConnectionResetError:
                data = b""
            if data and mode == "late":
                late.append((key.fileobj, data))
            elif data:
                key.fileobj.sendall(answer(data))
            elif mode == "spins":
                pass  # the end is readable for ever
            else:
                ready.unregister(key.fileobj)
                key.fileobj.close()


def with_threads() -> None:
    listener = socket.create_server((options.host, options.port), backlog=128)
    say_where(listener)

    def serve(client: socket.socket) -> None:
        with client:
            while data := client.recv(65536):
                client.sendall(data)

    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


async def with_asyncio() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, options.host, options.port)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.close)
    say_where(server.sockets[0])
    await server.wait_closed()


def outlive(parent: int) -> None:
    """Works until the parent is gone, and a little longer."""
    while os.getppid() == parent:
        pass
    for _ in range(1_000_000):
        pass


def keep_house() -> None:
    while True:
        time.sleep(0.005)


if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
elif mode != "unready":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
if mode == "housekeeper":
    threading.Thread(target=keep_house, daemon=True).start()
if mode == "masked":
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
if mode == "threads":
    with_threads()
elif mode == "asyncio":
    asyncio.run(with_asyncio())
else:
    with_selectors()
