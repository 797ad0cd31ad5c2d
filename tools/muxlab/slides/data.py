"""What was measured and traced: text files in slides/data that say which command wrote them, and on which machine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from muxlab.errors import MuxlabError
from muxlab.project import Project


@dataclass(frozen=True)
class Output:
    name: str
    command: str
    machine: str
    text: str

    def cut(self, first: str, last: str, most: int) -> str:
        """From the line that holds `first` to the next that holds `last`, `most` lines at most; empty means all."""
        lines = self.text.splitlines()
        start = self._index(lines, first, 0) if first else 0
        end = self._index(lines, last, start) + 1 if last else len(lines)
        return "\n".join(lines[start : min(end, start + most) if most else end])

    def _index(self, lines: list[str], text: str, start: int) -> int:
        for index in range(start, len(lines)):
            if text in lines[index]:
                return index
        raise MuxlabError(f"slides/data/{self.name} has no line with '{text}'")


def read_output(project: Project, name: str) -> Output:
    """A file of slides/data: two comment lines, then what the command printed."""
    path = project.root / "slides" / "data" / f"{name}.txt"
    if not path.is_file():
        raise MuxlabError(f"slides/data/{name}.txt does not exist: slides/data/record.sh makes it")
    found = re.match(r"# command: (.+)\n# machine: (.+)\n", text := path.read_text(encoding="utf-8"))
    if found is None:
        raise MuxlabError(f"slides/data/{name}.txt does not begin with '# command:' and '# machine:'")
    return Output(path.name, found[1], found[2], text[found.end() :].strip("\n"))
