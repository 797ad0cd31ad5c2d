"""The lesson diff: what changes in the server from one lab to another, and how many lines."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.project import Lab, Project


@dataclass(frozen=True)
class FileDiff:
    before: Path
    after: Path
    lines: tuple[str, ...]
    """As `diff -u` prints them; empty when nothing differs."""

    @property
    def changed(self) -> int:
        """The lines that `diff` marks with < or >."""
        return sum(line.startswith(("-", "+")) for line in self.lines[2:])


Row = tuple[str, str, str]  # the left line, a mark (' ' same, '|' changed, '<' gone, '>' new), the right line


def lesson(project: Project, before: Lab, after: Lab) -> list[FileDiff]:
    """The header, then the source file, of the two labs' servers."""
    pairs = zip(project.server_files(before), project.server_files(after), strict=True)
    return [compare_files(project.root, left, right) for left, right in pairs]


def compare_files(root: Path, before: Path, after: Path) -> FileDiff:
    """By diff(1) itself, so that the counts are the ones the reader gets without this tool."""
    names = [str(path.relative_to(root)) for path in (before, after)]
    for path, name in zip((before, after), names, strict=True):
        if not path.is_file():
            raise MuxlabError(f"{name} is missing: git restore {name} brings it back")
    try:
        done = subprocess.run(
            ["diff", "-u", "--label", names[0], "--label", names[1], before, after],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise MuxlabError("diff is not installed: install the package diffutils") from None
    if done.returncode > 1:
        raise MuxlabError(f"diff failed: {done.stderr.strip()}")
    return FileDiff(before, after, tuple(done.stdout.splitlines()))


def summary(diffs: list[FileDiff]) -> str:
    """'changed lines: select_server.hpp → poll_server.hpp 9, select_server.cpp → poll_server.cpp 47'."""
    parts = [f"{diff.before.name} → {diff.after.name} {diff.changed}" for diff in diffs]
    return f"changed lines: {', '.join(parts)}"


def rows(diff: FileDiff) -> Iterator[Row]:
    """Both files whole, side by side. What a hunk takes away stands next to what it puts there, line by line."""
    before = diff.before.read_text(encoding="utf-8", errors="replace").splitlines()
    if not diff.lines:
        yield from ((line, " ", line) for line in before)
        return
    done = 0  # lines of `before` that are out
    gone: list[str] = []
    new: list[str] = []
    for line in diff.lines[2:]:
        if line.startswith("-"):
            gone.append(line[1:])
            done += 1
        elif line.startswith("+"):
            new.append(line[1:])
        else:
            yield from _pair(gone, new)
            gone, new = [], []
            if line.startswith("@@"):
                start = _hunk_start(line)
                yield from ((text, " ", text) for text in before[done:start])
                done = start
            elif line.startswith(" "):
                yield (line[1:], " ", line[1:])
                done += 1
    yield from _pair(gone, new)
    yield from ((line, " ", line) for line in before[done:])


def _hunk_start(line: str) -> int:
    """'@@ -12,7 +12,9 @@' → 11: how many lines come before. A hunk of no lines ('-3,0') begins after its line."""
    first, _, count = line.split()[1][1:].partition(",")
    return int(first) if count == "0" else int(first) - 1


def _pair(gone: list[str], new: list[str]) -> Iterator[Row]:
    for index in range(max(len(gone), len(new))):
        if index >= len(new):
            yield (gone[index], "<", "")
        elif index >= len(gone):
            yield ("", ">", new[index])
        else:
            yield (gone[index], "|", new[index])
