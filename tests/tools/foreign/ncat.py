"""ncat listens, and runs cat for each client.

It knows nothing of the contract's options: those that say where to listen are handed on, the others are refused.
"""

from __future__ import annotations

import socket

from becomes import become
from contract import Parser, family, port

parser = Parser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=port, default=8080)
options = parser.parse_args()
number = options.port
if not number:  # ncat does not let the kernel choose
    with socket.create_server((options.host, 0), family=family(options.host)) as free:
        number = free.getsockname()[1]
listen = ["-l", options.host, str(number), "--keep-open", "--max-conns", "1000", "--exec", "/bin/cat"]
become(["ncat", "-v", "-6" if ":" in options.host else "-4", *listen], r"Listening on (\S+):(\d+)$")
