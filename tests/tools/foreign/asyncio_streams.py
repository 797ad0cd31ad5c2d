"""asyncio: a coroutine for each client, with StreamReader and StreamWriter."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from contract import announce, give_up, parse_options

options = parse_options()
clients = 0


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    global clients
    clients += 1
    try:
        if clients <= options.max_clients:
            while data := await reader.read(65536):
                writer.write(options.prefix + data)
                await writer.drain()
    except ConnectionError:
        pass
    finally:
        clients -= 1
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def main() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        server = await asyncio.start_server(serve, options.host, options.port)
    except OSError as error:
        give_up(error)
    announce(server.sockets[0])
    await stop.wait()
    server.close()


asyncio.run(main())
