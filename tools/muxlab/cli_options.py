"""Options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

PresetOption = Annotated[str, typer.Option("--preset", metavar="NAME", help="Which build: dev, release, asan or tsan.")]
LangOption = Annotated[
    str | None,
    typer.Option("--lang", metavar="LANG", help="en or zh; else the locale decides.", show_default=False),
]
LabArgument = Annotated[str, typer.Argument(metavar="LAB", help="Number or name of a lab.", show_default=False)]
