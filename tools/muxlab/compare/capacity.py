"""How many clients a server takes: really connected, each served once, until it hangs up or we stop asking."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from muxlab.compare.model import Number
from muxlab.process import Server
from muxlab.scenarios.clients import Client

STOP_AT = 2000
INSISTENCE = 10  # further clients after the first that is refused, to see that the limit is one


def most_clients(program: Path, stop_at: int = STOP_AT) -> Number:
    with Server(program, ["--log", "error"]) as server, ExitStack() as leaving:
        served = refused = 0
        while served < stop_at and refused < INSISTENCE:
            client = Client(server)
            leaving.callback(client.reset)
            if client.is_served():
                served += 1
            else:
                refused += 1
        if refused:
            return Number(served, served, served, note="it hung up on the next")
        limit = file_limit(server.pid)
        return Number(served, served, served, at_least=True, note=f"we stopped asking; its limit is {limit:,} files")


def file_limit(pid: int) -> int:
    """RLIMIT_NOFILE of another process, the soft one: a lab raises it to the hard one when it starts."""
    with Path(f"/proc/{pid}/limits").open() as lines:
        for line in lines:
            if line.startswith("Max open files"):
                return int(line.split()[3])
    return 0
