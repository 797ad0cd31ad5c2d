"""Marks up source text when the page is written: a few classes, because the lit line is what should catch the eye."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import CppLexer, get_lexer_for_filename
from pygments.token import Comment, Keyword, Number, String
from pygments.util import ClassNotFound

Line = tuple[int, str]
"""How many spaces it is set in by, and its HTML."""

_CLASSES = (
    (Comment.Preproc, "p"),
    (Comment.PreprocFile, "s"),
    (Comment, "c"),
    (Keyword, "k"),
    (String, "s"),
    (Number, "n"),
)


def key(text: str) -> str:
    """The same text has the same key: the page holds it once, however many traces show it."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@lru_cache(maxsize=64)
def marked_up(file: str, text: str) -> tuple[Line, ...]:
    lines: list[str] = [""]
    for kind, value in _lexer(file).get_tokens(text):
        name = next((name for parent, name in _CLASSES if kind in parent), "")
        for number, piece in enumerate(value.split("\n")):
            if number:
                lines.append("")
            lines[-1] += _span(name, piece)
    while lines and not lines[-1]:
        lines.pop()
    return tuple(_set_in(line) for line in lines)


def _span(name: str, piece: str) -> str:
    if not piece:
        return ""
    # Leading spaces stay outside, where _set_in() finds them.
    bare = piece.lstrip(" ")
    space = piece[: len(piece) - len(bare)]
    return space + (f'<span class="{name}">{escape(bare, quote=False)}</span>' if name and bare else escape(bare))


def _set_in(line: str) -> Line:
    bare = line.lstrip(" ")
    return len(line) - len(bare), bare


def _lexer(file: str) -> Lexer:
    options = {"stripnl": False, "ensurenl": False}
    try:
        return get_lexer_for_filename(file, **options)
    except ClassNotFound:
        return CppLexer(**options)
