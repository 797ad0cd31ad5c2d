"""An echo server's shell: it keeps the contract's first line, options and signals, or breaks them when told to."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys

parser = argparse.ArgumentParser(prog="01_select", description="The options of the lab itself.")
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=8080)
parser.add_argument("--prefix", default="")
parser.add_argument("--mode", choices=["good", "mute", "babbling", "crashing", "stubborn"], default="good")
options = parser.parse_args()

listener = socket.socket(socket.AF_INET6 if ":" in options.host else socket.AF_INET)
try:
    listener.bind((options.host, options.port))
except OSError as error:
    sys.exit(f"01_select: bind {options.host}:{options.port}: {error.strerror}")
listener.listen()
host, port = listener.getsockname()[:2]

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
if options.mode == "crashing":
    print("about to crash", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)
if options.mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if options.mode == "babbling":
    print("hello, I am a server", flush=True)
elif options.mode != "mute":
    print(f"ready, prefix '{options.prefix}'", file=sys.stderr, flush=True)
    print(f"listening on [{host}]:{port}" if ":" in host else f"listening on {host}:{port}", flush=True)
while True:
    signal.pause()
