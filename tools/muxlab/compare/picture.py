"""The tables as a picture, for the README and for slides."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from muxlab.compare.model import Report
from muxlab.compare.render import WIDTH, drawn

# Rich's own frame names fonts to be fetched from the network. A picture that stands in a repository has what the
# reader's machine has.
FRAME = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def save_picture(report: Report, path: Path) -> None:
    console = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(drawn(report, WIDTH))
    svg = console.export_svg(title="./muxlab compare", theme=DEFAULT_TERMINAL_THEME, code_format=FRAME)
    path.write_text(svg, encoding="utf-8")
