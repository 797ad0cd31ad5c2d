"""What the tool says to the person in front of it. Rich is loaded only when it is needed: starting must be quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """One line about what is going on. On stderr: stdout is for what was asked for."""
    print(f"muxlab: {text}", file=sys.stderr, flush=True)


@contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """Shows a step that may take long. On a terminal one line that changes; elsewhere the title, once there is work.

    Gives a function to call with each piece of news.
    """
    if not sys.stderr.isatty():
        told = False

        def tell(_: str) -> None:
            nonlocal told
            if not told:
                say(title)
                told = True

        yield tell
        return

    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status(escape(title)) as status:
        # Cropped to the line: a status of several lines flickers.
        yield lambda news: status.update(escape(f"{title}  {news}"[: max(20, console.width - 4)]))
