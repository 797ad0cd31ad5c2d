"""Makes a handout: chooses the files, empties the functions, looks for solutions that are left, and writes it all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.handout.bodies import HEADER, Body, empty
from muxlab.handout.cpp import CppFile, Macro, brace_hiding
from muxlab.handout.hidden import without_hidden
from muxlab.handout.leaks import Leak, find_leaks
from muxlab.handout.links import READMES, with_first_steps, without_dead_links, without_the_whole_kit
from muxlab.handout.repository import make_repository, tracked_files
from muxlab.handout.settings import FILE, Exercise, closest, read_exercise
from muxlab.project import LABS, Lab, Project

# The instructor's, and the tests of the kit itself: those of the students are the graded suite. A star stands for
# slashes too.
LEFT_OUT = (
    f"labs/*/{FILE}",
    "labs/*/bugs/*",
    ".ci/*",
    "CONTRIBUTING.md",
    "bench/*",
    "docs/graded_tests*",
    "docs/instructor*",
    "slides/*",
    "tests/browser/*",
    "tests/tools/*",
    "tests/unit/*",
)
TRANSLATION = ".zh-CN.md"
CMAKE = """\
# A student repository, made by ./muxlab handout: functions that are still to be written leave parameters, constants and
# helpers unused.
add_compile_options(-Wno-unused-parameter -Wno-unused-function -Wno-unused-const-variable
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unused-private-field>)
"""


@dataclass(frozen=True)
class Handout:
    """What is handed out, before it is written."""

    to_write: tuple[Lab, ...]
    finished: tuple[Lab, ...]
    copied: tuple[str, ...]
    changed: Mapping[str, bytes]
    bodies: tuple[Body, ...]
    shown: tuple[Leak, ...] = ()
    """What the finished labs give away of those to write. They were asked for."""


def plan_handout(project: Project, to_write: Sequence[Lab], finished: Sequence[Lab]) -> Handout:
    exercises = [read_exercise(project, lab) for lab in to_write]
    everything = [*exercises, *(read_exercise(project, lab) for lab in finished)]
    read = _Files(project)
    folders = [lab.folder for lab in LABS if lab in to_write or lab in finished or not lab.is_server]
    patterns = [*LEFT_OUT, *(pattern for lab in everything for pattern in lab.leave_out)]
    paths = [path for path in tracked_files(project.root) if _is_for(path, folders, patterns)]
    without = without_hidden(paths, read, [name for lab in everything for name in lab.hidden_tests])
    paths = [path for path in paths if without.get(path, b"") is not None]
    changed = {path: text for path, text in without.items() if text is not None}
    if exercises:
        changed |= {"handout.cmake": CMAKE.encode(), HEADER: Path(__file__).with_name("not_written.hpp").read_bytes()}
    for readme in READMES:
        if readme in paths:
            text = without_the_whole_kit(without_dead_links(read(readme).decode(), {*paths}), {*paths})
            changed[readme] = with_first_steps(text, readme, [lab.folder for lab in to_write]).encode()
    bodies = _empty_all(exercises, paths, read, changed)
    texts = {path: read(path) for path in paths} | changed
    shown = []
    for leak in find_leaks(bodies, ((path, text.decode(errors="replace")) for path, text in texts.items())):
        if not leak.path.startswith(tuple(f"labs/{lab.folder}/" for lab in finished)):
            raise _refusal(leak, exercises)
        shown.append(leak)
    copied = tuple(path for path in paths if path not in changed)
    return Handout(tuple(to_write), tuple(finished), copied, changed, bodies, tuple(shown))


def write_handout(project: Project, handout: Handout, out: Path) -> None:
    """All of it or nothing: it is made beside OUT, and moved there when it is complete."""
    check_free(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as draft:
        new = Path(draft)
        for path in handout.copied:
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project.root / path, new / path, follow_symlinks=False)
        for path, text in handout.changed.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_bytes(text)
            if (project.root / path).exists():
                shutil.copymode(project.root / path, new / path)
        names = ", ".join(lab.number for lab in sorted((*handout.to_write, *handout.finished), key=LABS.index))
        make_repository(new, f"muxlab: {'lab' if names.isdigit() else 'labs'} {names}")
        out.mkdir(exist_ok=True)
        for child in list(new.iterdir()):
            child.rename(out / child.name)


def check_free(out: Path) -> None:
    if out.is_dir():
        if any(out.iterdir()):
            raise MuxlabError(f"{out} is not empty: name a folder that does not exist yet")
    elif out.exists() or out.is_symlink():
        raise MuxlabError(f"{out} is a file: name a folder that does not exist yet")


class _Files:
    """Reads files of the project, each once."""

    def __init__(self, project: Project) -> None:
        self._root = project.root
        self._texts: dict[str, bytes] = {}

    def __call__(self, path: str) -> bytes:
        if path not in self._texts:
            try:
                self._texts[path] = (self._root / path).read_bytes()
            except FileNotFoundError:
                raise MuxlabError(f"{path} is missing: git restore {path} brings it back") from None
        return self._texts[path]


def _is_for(path: str, folders: Sequence[str], leave_out: Sequence[str]) -> bool:
    if (lab := re.match("labs/([^/]+)/", path)) and lab[1] not in folders:
        return False
    names = {path, path.replace(TRANSLATION, ".md")}  # a page goes in all its languages
    return not any(fnmatch(name, pattern) for name in names for pattern in leave_out)


def _empty_all(
    exercises: Sequence[Exercise], paths: Sequence[str], read: _Files, changed: dict[str, bytes]
) -> tuple[Body, ...]:
    macros: list[Macro] = []
    for path in paths:
        if path.endswith((".cpp", ".hpp", ".h")):
            macros += CppFile.parse(path, read(path)).macros()
    hiding = brace_hiding(macros)
    bodies: list[Body] = []
    for exercise in exercises:
        for path, names in exercise.functions.items():
            if path not in paths:
                near = closest(path, paths, cutoff=0.9)
                raise MuxlabError(f"labs/{exercise.lab.folder}/{FILE}: git knows no {path}{near}")
            emptied = empty(path, read(path), names, hiding)
            changed[path] = emptied.source
            bodies += emptied.bodies
    return tuple(bodies)


def _refusal(leak: Leak, exercises: Sequence[Exercise]) -> MuxlabError:
    owner = next(exercise.lab for exercise in exercises if leak.body.path in exercise.functions)
    return MuxlabError(
        f"{leak.path}:{leak.line} gives {leak.body.name} of lab {owner.number} away ({leak.share:.0%} of it), so "
        f"nothing was written: name the function there in a {FILE}, or the file under leave_out in "
        f"labs/{owner.folder}/{FILE}"
    )
