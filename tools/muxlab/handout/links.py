"""The project's README in a handout, in each language: what cannot be done there goes, first steps come."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

STEPS = {
    "README.md": (
        "> To write here: [labs/{folder}]({sheet}) is the assignment, and `./muxlab grade {number}` grades it.",
        "> Other labs that this page mentions are not in this repository, unless they were handed out finished.",
    ),
    "README.zh-CN.md": (
        "> 要在这里写的：[labs/{folder}]({sheet}) 是作业说明，`./muxlab grade {number}` 给它评分。",
        "> 本页提到的其他实验不在这个仓库里，除非发下来时就已经写好。",
    ),
}
READMES = tuple(STEPS)
WHOLE_KIT = ("## Five minutes\n", "## 五分钟\n")
"""Every step of this section asks for a finished lab or for a bug card."""
NEEDS = {"./muxlab bench": "bench/CMakeLists.txt"}
ROWS = ("|", "English · ", "[English]")  # of tables, and the line that leads to the other language
LINK = re.compile(r"\]\(([^)#:]+)\)")


def without_dead_links(text: str, paths: Set[str]) -> str:
    """Without the rows of tables, and without the sections, that link to files which are not among these. Without the
    line that leads to the other language, if that is not here."""
    sections = re.split(r"^(?=#+ )", text, flags=re.MULTILINE)
    return "".join(_section(section, paths) for section in sections)


def without_the_whole_kit(text: str, paths: Set[str]) -> str:
    """Without the tour, and without the lines of code whose command has no use without a file that is not there."""
    sections = re.split(r"^(?=#+ )", text, flags=re.MULTILINE)
    lines = "".join(section for section in sections if not section.startswith(WHOLE_KIT)).splitlines(keepends=True)
    useless = tuple(command for command, file in NEEDS.items() if file not in paths)
    return "".join(line for line in lines if not (useless and line.startswith(useless)))


def with_first_steps(text: str, readme: str, folders: Sequence[str]) -> str:
    """Says below the title which labs are to be written here: the rest of the page is about the whole kit."""
    if not folders:
        return text
    step, others = STEPS[readme]
    steps = [step.format(sheet=f"labs/{folder}/{readme}", folder=folder, number=folder[:2]) for folder in folders]
    title, _, rest = text.partition("\n")
    return "\n".join([title, "", *_as_lines([*steps, others]), rest])


def _as_lines(steps: Sequence[str]) -> list[str]:
    """One paragraph in Markdown would run them together."""
    return [line for step in steps for line in (step, ">")][:-1]


def _section(text: str, paths: Set[str]) -> str:
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not (line.startswith(ROWS) and _is_dead(line, paths))]
    return "" if any(_is_dead(line, paths) for line in kept) else "".join(kept)


def _is_dead(line: str, paths: Set[str]) -> bool:
    return any(target not in paths for target in LINK.findall(line))
