"""socketserver: ThreadingTCPServer as it comes, a thread for each client."""

from __future__ import annotations

import signal
import socketserver
import sys
import threading

from contract import announce, family, give_up, parse_options

options = parse_options()
places = threading.Semaphore(min(options.max_clients, 1 << 30))


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        try:
            while data := self.request.recv(16384):
                self.request.sendall(options.prefix + data)
        except ConnectionError:
            pass


class Server(socketserver.ThreadingTCPServer):
    address_family = family(options.host)
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def verify_request(self, request: object, client_address: object) -> bool:
        return places.acquire(blocking=False)

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            places.release()


for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))
try:
    server = Server((options.host, options.port), Echo)
except OSError as error:
    give_up(error)
announce(server.socket)
server.serve_forever()
