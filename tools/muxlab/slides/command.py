"""./muxlab slides: builds the decks, serves them to this machine, prints them, checks them."""

from __future__ import annotations

import functools
import http.server
from contextlib import suppress
from pathlib import Path

from muxlab.console import progress, say
from muxlab.errors import MuxlabError
from muxlab.language import ENGLISH, TAGS
from muxlab.project import Project
from muxlab.slides import browser
from muxlab.slides.check import static_problems
from muxlab.slides.deck import Deck, decks
from muxlab.slides.page import print_page_of, write_decks


def slides(
    project: Project, names: list[str], serve: int | None, pdf: bool, check: bool, language: str = ENGLISH
) -> int:
    """The decks in one language. Returns the exit code: 1 if the check found something."""
    known = [deck for deck in decks(project) if deck.language == TAGS[language]]
    if not known:
        raise MuxlabError(f"slides/ has no deck in '{language}'")
    chosen = _choose(known, names)
    out = project.root / "build" / "slides"
    pages = write_decks(project, chosen, out)
    say(f"{len(pages)} {'deck' if len(pages) == 1 else 'decks'} written to {out}: open index.html")
    if check:
        return _check(project, chosen, pages)
    if pdf:
        with progress("printing") as tell:
            for deck in chosen:
                tell(deck.name)
                page = out / f"{deck.name}.print.html"
                page.write_text(print_page_of(project, deck), encoding="utf-8")
                browser.print_pdf(page, out / f"{deck.name}.pdf")
        say(f"{len(pages)} PDF {'file' if len(pages) == 1 else 'files'} beside the pages")
    if serve is not None:
        _serve(out, serve)
    return 0


def _choose(known: list[Deck], names: list[str]) -> list[Deck]:
    """By the beginning of a name: 03, overview. All of them if none is named."""
    for name in names:
        if not any(deck.name.startswith(name) for deck in known):
            raise MuxlabError(f"no deck is called '{name}': choose {', '.join(deck.name for deck in known)}")
    return [deck for deck in known if not names or any(deck.name.startswith(name) for name in names)]


def _check(project: Project, chosen: list[Deck], pages: list[Path]) -> int:
    found = [problem for deck in chosen for problem in static_problems(project, deck)]
    if browser.chromium():
        with progress("looking at every slide") as tell:
            for deck, page in zip(chosen, pages, strict=True):
                tell(deck.name)
                found += [
                    f"{one.page}, slide {one.slide}: {one.what}" for one in browser.problems(page, len(deck.slides))
                ]
    else:
        say("chromium is not installed, so nobody looked whether the slides hold their text: apt install chromium")
    for line in found:
        print(line)
    for deck in chosen:
        print(f"{deck.name:30} {len(deck.slides):3} slides {deck.minutes:5g} min")
    return 1 if found else 0


def _serve(folder: Path, port: int) -> None:
    """To this machine only, until Ctrl-C."""
    handler = functools.partial(_Quiet, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise MuxlabError(f"port {port}: {error.strerror}: choose another with --port") from None
    from muxlab.cli import Interrupted

    with server, suppress(Interrupted):
        say(f"serving on http://127.0.0.1:{server.server_port}/ until Ctrl-C")
        server.serve_forever()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        pass
