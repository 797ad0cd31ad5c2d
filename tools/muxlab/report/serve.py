"""./muxlab serve: the page on loopback, and scenarios recorded again on request.

Whoever may send a request here may start programs as this user. So: loopback only; a random token in the path, which
other users of the machine do not know; the Host header must name us, so that no web page can reach us under a name of
its own; and there are two things to ask for, not a folder of files.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from muxlab.build import build
from muxlab.console import say
from muxlab.errors import MuxlabError
from muxlab.project import SERVERS, Lab, Project
from muxlab.report.bundle import Bundle
from muxlab.report.command import gather, open_page, store_of
from muxlab.report.page import LIVE, page
from muxlab.report.record import record_one
from muxlab.report.storage import save_trace
from muxlab.scenarios.catalogue import COMPARED, find_scenario

PRESET = "dev"  # what a student builds and edits
MOST_BYTES = 4096  # of a request's body
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'"


class PageServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, project: Project, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.project = project
        self.token = secrets.token_urlsafe(24)
        self.recording = threading.Lock()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/{self.token}/"


class Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "muxlab"
    sys_version = ""
    timeout = 30  # seconds for a request to arrive: a silent connection holds no thread for ever

    def do_GET(self) -> None:
        if self._asked_for("") and self._may_ask():
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", live_page(self.server.project).encode())

    def do_POST(self) -> None:
        if not (self._asked_for("run") and self._may_ask()):
            return
        try:
            answer = run_again(self.server, self._scenario())
            self._answer_json(HTTPStatus.OK, answer)
        except MuxlabError as error:
            self._answer_json(HTTPStatus.BAD_REQUEST, {"error": f"{error}\n{error.details or ''}".strip()})

    def _asked_for(self, what: str) -> bool:
        wanted = f"/{self.server.token}/{what}"
        if hmac.compare_digest(self.path.encode(), wanted.encode()):
            return True
        self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing here.\n")
        return False

    def _may_ask(self) -> bool:
        origin = self.headers.get("Origin", f"http://{self.server.host}")
        if self.headers.get("Host") == self.server.host and origin == f"http://{self.server.host}":
            return True
        self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"Ask under the address that ./muxlab serve printed.\n")
        return False

    def _scenario(self) -> str:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            raise MuxlabError("the request is not one that the page sends")
        try:
            asked = json.loads(self.rfile.read(int(length)))
            return str(asked["scenario"])
        except (ValueError, KeyError, TypeError):
            raise MuxlabError("the request names no scenario") from None

    def _answer_json(self, status: HTTPStatus, data: Mapping[str, Any]) -> None:
        self._answer(status, "application/json", json.dumps(data, ensure_ascii=False).encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", POLICY),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet: the token is part of every request line."""


def live_page(project: Project) -> str:
    offered = [{"id": one.id, "title": one.title, "what": one.what} for one in COMPARED]
    contents = replace(gather(project, store_of(project)), offered=offered)
    return page(contents).replace("</title>", f"</title>\n{LIVE}", 1)


def run_again(server: PageServer, name: str) -> Mapping[str, Any]:
    """Builds what has changed and records one scenario in every server. A lab that fails is named and left out."""
    scenario = find_scenario(name)
    project = server.project
    with server.recording:  # one at a time: they would slow each other down
        labs = [lab for lab in SERVERS if lab.number in scenario.labs and project.folder(lab).is_dir()]
        build(project, PRESET, [lab.folder for lab in labs])
        bundle = Bundle()
        traces, notes = [], []
        for lab in labs:
            try:
                trace = record_one(project, lab, scenario, programs(project))
            except MuxlabError as error:
                notes.append(_note(lab, error))
                continue
            save_trace(store_of(project), trace)
            traces.append(bundle.slim(trace))
    if not traces:
        raise MuxlabError(" ".join(notes) or "there is no server in this project")
    return {"traces": traces, "sources": bundle.sources, "notes": notes}


def programs(project: Project) -> Path:
    return project.build_dir(PRESET) / "bin"


def _note(lab: Lab, error: MuxlabError) -> str:
    return f"{lab.folder} is left out: {error}."


def serve(project: Project, port: int, open_it: bool) -> None:
    """Until Ctrl-C."""
    try:
        server = PageServer(project, port)
    except OSError as error:
        raise MuxlabError(f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from None
    with server:
        print(server.address, flush=True)
        say("serving the page there, to this machine only; Ctrl-C ends it")
        if open_it:
            open_page(server.address)
        server.serve_forever()
