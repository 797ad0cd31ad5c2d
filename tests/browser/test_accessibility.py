"""axe-core finds nothing to complain about, in either theme, on either screen, with everything open."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import pytest

from browser_stage import Screen, Visit


@pytest.mark.skipif(find_spec("axe_playwright_python") is None, reason="axe-playwright-python is not installed")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", list(Screen))
def test_no_violations(visit: Callable[..., Visit], screen: Screen, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    # Without motion: a colour half way to another is not the one that is read.
    seen = visit(screen, color_scheme=theme, reduced_motion="reduce")
    seen.choose("two-clients")
    seen.go(19)
    seen.page.locator(".metric button").first.click()
    for card in seen.page.locator("details.pitfall summary").all():
        card.click()
    seen.page.locator("details.pitfall article.server").nth(1).wait_for()
    found = Axe().run(seen.page)
    assert found.violations_count == 0, found.generate_report()
