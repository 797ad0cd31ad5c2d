"""Chromium, to print the decks and to see whether every slide holds what is on it. It is started and waited for."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from muxlab.errors import MuxlabError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    "--window-size=1280,720",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever would load something from elsewhere is seen to fail
)
BACKSTOP = 180.0  # seconds


@dataclass(frozen=True)
class Problem:
    page: str
    slide: int
    what: str


def chromium() -> str:
    """Its path; empty if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def print_pdf(page: Path, pdf: Path) -> None:
    """One slide on each page, 16:9."""
    _run(f"--print-to-pdf={pdf}", "--no-pdf-header-footer", page.as_uri())
    if not pdf.is_file():
        raise MuxlabError(f"chromium did not print {page.name}")


def problems(page: Path, slides: int) -> list[Problem]:
    """Shows every slide at 1280 × 720, and asks what does not fit. measure.js looks."""
    dom = _run("--virtual-time-budget=20000", "--dump-dom", f"{page.as_uri()}?measure")
    found = re.search(r'<script type="application/json" id="measured">(.*?)</script>', dom, re.DOTALL)
    if found is None:
        return [Problem(page.name, 0, "the browser did not get through the deck")]
    measured = json.loads(html.unescape(found[1]))
    result = [Problem(page.name, one["slide"], one["what"]) for one in measured["problems"]]
    if measured["slides"] != slides:
        result.append(Problem(page.name, 0, f"{measured['slides']} slides are shown, {slides} were written"))
    return result


def _run(*arguments: str) -> str:
    browser = chromium()
    if not browser:
        raise MuxlabError("chromium is not installed: apt install chromium")
    with tempfile.TemporaryDirectory(prefix="muxlab-slides-") as profile:
        command = [browser, *OPTIONS, f"--user-data-dir={profile}", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BACKSTOP)
        except subprocess.TimeoutExpired as error:
            raise MuxlabError(f"chromium did not finish within {BACKSTOP:g} s") from error
    if done.returncode != 0:
        raise MuxlabError(f"chromium failed with exit code {done.returncode}", done.stderr[-2000:])
    return done.stdout
