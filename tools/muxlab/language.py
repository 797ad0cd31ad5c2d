"""In which language a person is given hints and slides: English, or Simplified Chinese."""

from __future__ import annotations

import os
from collections.abc import Mapping

from muxlab.errors import MuxlabError

ENGLISH, CHINESE = "en", "zh"
LANGUAGES = (ENGLISH, CHINESE)
TAGS = {ENGLISH: "en", CHINESE: "zh-CN"}
"""As names of files have them, README.zh-CN.md, and pages."""
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first that says anything decides: locale(7)."""


def language(wish: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """What was asked for; if nothing was, what the locale says."""
    if wish is None:
        locale = next((value for name in VARIABLES if (value := environment.get(name))), "")
        return CHINESE if locale.lower().startswith(CHINESE) else ENGLISH
    if wish not in LANGUAGES:
        raise MuxlabError(f"muxlab does not speak '{wish}': choose --lang {' or --lang '.join(LANGUAGES)}")
    return wish


def option(wish: str | None) -> str:
    """What a command that is suggested needs behind it, to be in the same language."""
    return f" --lang {wish}" if wish else ""
