"""./muxlab slides: parses and calls, as cli.py does for the other commands."""

from __future__ import annotations

from typing import Annotated

import typer

from muxlab.cli_options import LangOption
from muxlab.project import Project

SPEAKER = "In a deck, S opens the speaker view with notes and a clock, O the overview, F the whole screen."


def slides(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[DECK]...", help="Only these: overview, 03.", show_default=False)
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Serve them to this machine until Ctrl-C.")] = False,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="For --serve; 0 lets the kernel choose.")
    ] = 8090,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also print each deck, through Chromium.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="See that names resolve, links hold and no text leaves its slide.")
    ] = False,
    lang: LangOption = None,
) -> None:
    """Build the decks of slides/ as pages that need no network."""
    from muxlab.language import language
    from muxlab.slides import command

    raise typer.Exit(command.slides(Project.here(), names or [], port if serve else None, pdf, check, language(lang)))
