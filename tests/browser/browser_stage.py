"""A browser, a page made from made-up traces, and somebody who looks at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made_up
from compare_stage import made_up_report
from muxlab.compare import server_metrics
from muxlab.compare.model import Column, Numbers, Report, Row, Table, exactly, summary
from muxlab.report.cards import parse_card
from muxlab.report.model import Card, Contents
from muxlab.report.page import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

CHROMIUM = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000  # a backstop


class Screen(Enum):
    LAPTOP = (1280, 720)
    PHONE = (390, 844)


def chromium() -> str:
    return next((found for name in CHROMIUM if (found := shutil.which(name))), "")


def why_no_browser() -> str:
    """Empty if there is one. Where MUXLAB_BROWSER=required, its absence is no reason to skip."""
    reasons = []
    if find_spec("playwright") is None:
        reasons.append("playwright is not installed: .venv/bin/python -m pip install -r requirements-dev.txt")
    if not chromium():
        reasons.append("chromium is not installed: apt install chromium")
    if reasons and os.environ.get("MUXLAB_BROWSER") == "required":
        raise RuntimeError("; ".join(reasons))
    return "; ".join(reasons)


@contextmanager
def launched() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, browser: Browser, screen: Screen, address: str, wishes: Mapping[str, Any]) -> Visit:
        width, height = screen.value
        context = browser.new_context(viewport={"width": width, "height": height}, **wishes)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        visit = cls(context, page)
        page.on("console", lambda message: visit._heard(message.type, message.text))
        page.on("pageerror", lambda error: visit.problems.append(str(error)))
        page.on("request", lambda request: visit._asked(request.url, address))
        page.goto(address)
        page.wait_for_selector(".server")
        return visit

    def end(self) -> None:
        self.context.close()
        assert self.problems == []

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.problems.append(text)

    def _asked(self, url: str, address: str) -> None:
        # data: and blob: stay inside the page.
        if not url.startswith((address.partition("#")[0], "data:", "blob:")):
            self.problems.append(f"asked for {url}")

    # What somebody sees

    def server(self, title: str) -> Locator:
        return self.page.locator("article.server", has=self.page.get_by_role("heading", name=title, exact=True))

    def says(self, title: str) -> str:
        return self.server(title).locator(".now").inner_text()

    def tick(self) -> int:
        return int(self.page.locator(".scrub").first.input_value())

    def last(self) -> int:
        return int(self.page.locator(".scrub").first.get_attribute("max") or 0)

    def picture(self) -> str:
        return self.page.locator(".servers").first.inner_text()

    def moment(self) -> str:
        return self.page.locator(".moment[aria-current]").first.inner_text()

    # What somebody does

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def go(self, tick: int) -> None:
        self.page.locator(".scrub").first.fill(str(tick))

    def choose(self, scenario: str) -> None:
        self.page.select_option("#scenario", scenario)
        title = made_up.SCENARIOS[scenario][0]
        self.page.wait_for_selector(f".servers[aria-label='Servers: {title}']")


READINESS = {
    "schema": 1,
    "kernel": "6.1",
    "columns": ["select", "poll", "epoll_lt_first", "epoll_lt_again", "epoll_et_first", "epoll_et_again"],
    "states": [
        {
            "id": name,
            "group": "Sockets",
            "title": title,
            "why": why,
            "answers": {
                column: {"bits": [] if error else bits, "error": error}
                for column in (
                    "select",
                    "poll",
                    "epoll_lt_first",
                    "epoll_lt_again",
                    "epoll_et_first",
                    "epoll_et_again",
                )
            },
        }
        for name, title, why, bits, error in (
            ("data", "the peer has sent 10 bytes", "recv would not block.", ["IN", "OUT"], None),
            ("hup", "both sides have shut down", "Nothing comes, nothing goes.", ["IN", "HUP"], None),
            ("full", "the buffer is full", "A send would block.", [], None),
            ("file", "a regular file", "epoll takes no files.", [], "EPERM"),
        )
    ],
}

PATCH = """Title: one recv for each edge
Pitfall: et-single-read
What happens: One edge, one read; the rest waits
  for an edge that never comes.
Caught by: 04.ten-kilobytes
Watch it: A client sends 10 KB at once.
Scenario: ten-kilobytes
Fix: Read until EAGAIN.

diff --git a/labs/04_epoll_et/epoll_server.cpp b/labs/04_epoll_et/epoll_server.cpp
--- a/labs/04_epoll_et/epoll_server.cpp
+++ b/labs/04_epoll_et/epoll_server.cpp
@@ -73,2 +73,1 @@
-  for (int i = 0; more && i < kServeBudget; ++i) <serve>
+  connection.readSome(scratch_);
"""


def cards() -> Sequence[Card]:
    """One card with its traces (a level-triggered server stands in for the broken one), and one without."""
    card = parse_card("04_epoll_et", "et-single-read", PATCH)
    recorded = replace(card, broken=made_up.play("03", "two-clients"), fixed=made_up.play("04", "two-clients"))
    return [recorded, replace(card, name="not-recorded", fields={**card.fields, "Title": "not recorded yet"})]


def report() -> Report:
    """With the rows that the curves are made from, for five servers."""
    columns = tuple(Column(name, name[:2] + " " + name[3:]) for name in made_up.NAMES.values())
    few = Row(server_metrics.BYTES_FEW, tuple(Numbers((exactly(16 * i), exactly(12))) for i in range(5)))
    many = Row(server_metrics.BYTES_MANY, tuple(Numbers((exactly(900 * i), exactly(12))) for i in range(5)))
    cpu = Row(server_metrics.CPU_FEW, tuple(summary([8.0, 9.0 + i, 12.0]) for i in range(5)))
    cpu_many = Row(server_metrics.CPU_MANY, tuple(summary([9.0, 20.0 + i, 30.0]) for i in range(5)))
    table = Table("servers", "Five echo servers, the same clients", columns, (few, many, cpu, cpu_many))
    kinds = replace(made_up_report().tables[0], id="kinds", title="A cell of every kind")
    return replace(made_up_report(), tables=(table, kinds))


def contents() -> Contents:
    return Contents(comparison=report(), traces=made_up.everything(), readiness=READINESS, cards=cards())


def made_up_page(path: Path) -> Path:
    write(contents(), path)
    return path
