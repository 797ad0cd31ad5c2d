from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser_stage import Screen, Visit, launched, made_up_page, why_no_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if reason := why_no_browser():
        pytest.skip(reason)
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up_page(tmp_path_factory.mktemp("report") / "index.html")


@pytest.fixture
def visit(browser: Browser, page_file: Path) -> Iterator[Callable[..., Visit]]:
    """Opens the page as somebody would. In the end nothing may have gone wrong, or have been asked for elsewhere."""
    visits: list[Visit] = []

    def open_page(screen: Screen = Screen.LAPTOP, address: str = page_file.as_uri(), **wishes: str) -> Visit:
        visits.append(Visit.begin(browser, screen, address, wishes))
        return visits[-1]

    yield open_page
    for one in visits:
        one.end()
