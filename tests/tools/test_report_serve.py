"""./muxlab serve: loopback, a token, two things to ask for, and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from muxlab.errors import MuxlabError
from muxlab.project import Project
from muxlab.report import serve
from muxlab.report.model import Contents


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[serve.PageServer]:
    monkeypatch.setattr(serve, "gather", lambda *_: Contents())
    monkeypatch.setattr(serve, "run_again", lambda _, scenario: {"traces": [], "sources": {}, "notes": [scenario]})
    with serve.PageServer(Project.here(), 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # it looks so often whether to end
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: serve.PageServer, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def test_the_page_is_there_under_its_token_only(server: serve.PageServer) -> None:
    status, text, headers = ask(server, "GET", f"/{server.token}/")
    assert status == 200
    assert "muxlab-live" in text
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    for path in ("/", "/index.html", "/x/", f"/{server.token}", f"/{server.token}/index.html"):
        assert ask(server, "GET", path)[0] == 404, path


@pytest.mark.parametrize("path", ["../../etc/passwd", "..%2f..%2fetc/passwd", "data/compare.json", "?x", "/"])
def test_no_path_leads_out_of_it(server: serve.PageServer, path: str) -> None:
    assert ask(server, "GET", f"/{server.token}/{path}")[0] == 404


def test_it_listens_on_loopback_and_its_token_cannot_be_guessed(server: serve.PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32
    with serve.PageServer(Project.here(), 0) as other:
        assert other.token != server.token


def test_a_page_of_another_name_or_origin_is_refused(server: serve.PageServer) -> None:
    path = f"/{server.token}/"
    assert ask(server, "GET", path, Host="evil.example")[0] == 403
    assert ask(server, "POST", f"{path}run", "{}", Origin="http://evil.example")[0] == 403


def test_a_scenario_is_run_on_request(server: serve.PageServer) -> None:
    status, text, _ = ask(server, "POST", f"/{server.token}/run", json.dumps({"scenario": "hello"}))
    assert status == 200
    assert json.loads(text)["notes"] == ["hello"]


@pytest.mark.parametrize("body", ["", "[]", "{}", "x" * 5000, None])
def test_a_request_that_the_page_would_not_send_is_told_so(server: serve.PageServer, body: str | None) -> None:
    status, text, _ = ask(server, "POST", f"/{server.token}/run", body)
    assert status == 400
    assert "request" in json.loads(text)["error"]


def test_an_unknown_scenario_is_an_error_with_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve.PageServer(Project.here(), 0) as server, pytest.raises(MuxlabError, match="choose hello"):
        serve.run_again(server, "../../x")
