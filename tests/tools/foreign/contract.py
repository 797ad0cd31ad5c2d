"""The contract's options, first line and exit codes for the servers in Python: nothing about how they serve."""

from __future__ import annotations

import argparse
import ipaddress
import socket
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")  # without the usage: one line


def port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError
    return number


class Options(argparse.Namespace):
    host: str
    port: int
    max_clients: int
    prefix: bytes


def parse_options() -> Options:
    parser = Parser()
    parser.add_argument("--host", type=lambda text: str(ipaddress.ip_address(text)), default="127.0.0.1")
    parser.add_argument("--port", type=port, default=8080)
    parser.add_argument("--max-clients", type=int, default=sys.maxsize)
    parser.add_argument("--prefix", type=str.encode, default=b"")
    parser.add_argument("--log", choices=["debug", "info", "warn", "error"])
    return parser.parse_args(namespace=Options())


def family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def announce(listener: socket.socket) -> None:
    host, number = listener.getsockname()[:2]
    print(f"listening on [{host}]:{number}" if ":" in host else f"listening on {host}:{number}", flush=True)


def give_up(error: OSError) -> NoReturn:
    sys.exit(f"{error.strerror}")
