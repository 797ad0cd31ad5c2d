"""./muxlab serve in a browser: edit a lab, press run, watch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import made_up
from browser_stage import Screen, Visit, contents
from muxlab.errors import MuxlabError
from muxlab.project import Lab, Project
from muxlab.report import serve
from muxlab.scenarios.catalogue import Scenario


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[serve.PageServer]:
    """With recordings that are made up, and never kept."""

    def record_one(_: Project, lab: Lab, scenario: Scenario, __: Path) -> Mapping[str, Any]:
        if lab.number == "02":
            raise MuxlabError("02_poll did not start")
        return made_up.play(lab.number, scenario.id)

    monkeypatch.setattr(serve, "build", lambda *_: None)
    monkeypatch.setattr(serve, "record_one", record_one)
    monkeypatch.setattr(serve, "save_trace", lambda *_: None)
    monkeypatch.setattr(serve, "gather", lambda *_: contents())
    with serve.PageServer(Project.here(), 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # it looks so often whether to end
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_scenario_is_recorded_again_and_shown(visit: Callable[..., Visit], server: serve.PageServer) -> None:
    seen = visit(Screen.LAPTOP, server.address)
    assert seen.page.locator("article.server").count() == 5
    seen.page.get_by_role("button", name="Run", exact=True).click()
    news = seen.page.locator(".live")
    seen.page.locator(".live", has_text="left out").wait_for()  # no wait_for_function: our policy forbids eval
    assert news.inner_text() == "02_poll is left out: 02_poll did not start."
    assert seen.page.locator("article.server h3").all_inner_texts() == [
        "01 select",
        "03 epoll LT",
        "04 epoll ET",
        "05 loops",
    ]


def test_a_scenario_that_nobody_has_recorded_yet_is_offered(
    visit: Callable[..., Visit], server: serve.PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = visit(Screen.LAPTOP, server.address)
    seen.page.select_option("#scenario", "reset")
    assert "not recorded yet" in seen.page.locator(".stage .absent").inner_text()
    monkeypatch.setattr(serve, "record_one", lambda _, lab, __, ___: made_up.play(lab.number, "hello"))
    seen.page.get_by_role("button", name="Run", exact=True).click()
    seen.page.locator("article.server").first.wait_for()
    assert seen.page.locator("article.server").count() == 5


def test_a_build_that_fails_is_told_on_the_page(
    visit: Callable[..., Visit], server: serve.PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise MuxlabError("02_poll does not compile", "poll_server.cpp:9: error: expected ';'")

    monkeypatch.setattr(serve, "build", fails)
    seen = visit(Screen.LAPTOP, server.address)
    seen.page.get_by_role("button", name="Run", exact=True).click()
    seen.page.locator(".live.failed").wait_for()
    assert "expected ';'" in seen.page.locator(".live").inner_text()
    assert seen.page.locator("article.server").count() == 5
    # The browser itself tells the console of an answer that is no success.
    assert [problem for problem in seen.problems if "400" not in problem] == []
    seen.problems.clear()
