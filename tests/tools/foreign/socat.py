"""socat listens, forks for each client, and echoes through a pipe to itself.

It knows nothing of the contract's options: those that say where to listen are handed on, the others are refused.
"""

from __future__ import annotations

from becomes import become
from contract import Parser, port

parser = Parser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=port, default=8080)
options = parser.parse_args()
kind, host = ("TCP6-LISTEN", f"[{options.host}]") if ":" in options.host else ("TCP4-LISTEN", options.host)
listen = f"{kind}:{options.port},bind={host},reuseaddr,backlog=128,fork"
become(["socat", "-d", "-d", listen, "PIPE"], r"listening on AF=\d+ (\S+):(\d+)$")
