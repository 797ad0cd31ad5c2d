"""Configures and builds with CMake's presets, and tells the first error when that fails."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from muxlab.children import run_lines
from muxlab.console import progress, say
from muxlab.errors import MuxlabError
from muxlab.project import LABS, Lab, Project

EXCERPT = 12  # lines of the compiler's first error that are shown: enough for one error with its notes
SETUP = "./muxlab setup installs what is missing"


def build(project: Project, preset: str = "dev", targets: Sequence[str] = ()) -> None:
    """Brings the programs of a preset up to date: everything, or the named targets."""
    project.check_preset(preset)
    for lab in LABS:
        if lab.folder in targets:
            project.check_here(lab)
    _check_tools()
    with _only_one(project, preset):
        if _must_configure(project, preset):
            _configure(project, preset)
        _compile(project, preset, targets)


def build_lab(project: Project, lab: Lab, preset: str = "dev") -> Path:
    """Builds one lab, and returns its program."""
    build(project, preset, [lab.folder])
    return project.binary(lab, preset)


def _check_tools() -> None:
    """Says in plain words what CMake would say in twenty lines."""
    if not shutil.which("cmake"):
        raise MuxlabError(f"cmake is not installed: {SETUP}")
    if not any(shutil.which(name) for name in ("ninja", "ninja-build")):
        raise MuxlabError(f"ninja is not installed: {SETUP}")
    wanted = os.environ.get("CXX", "").split()
    if wanted and not shutil.which(wanted[0]):
        raise MuxlabError(f"CXX names {wanted[0]}, which is not installed: unset CXX, or {SETUP}")
    if not wanted and not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        raise MuxlabError(f"no C++ compiler is installed: {SETUP}")


@contextmanager
def _only_one(project: Project, preset: str) -> Iterator[None]:
    """Ninja does not mind two of itself in one folder, but their results do."""
    folder = project.build_dir(preset)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "muxlab.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another ./muxlab is building {preset}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _must_configure(project: Project, preset: str) -> bool:
    folder = project.build_dir(preset)
    ninja_file, cache_file = folder / "build.ninja", folder / "CMakeCache.txt"
    if not cache_file.exists():
        return True
    cache = cache_file.read_text(encoding="utf-8", errors="replace")
    home = _cached(cache, "CMAKE_HOME_DIRECTORY")
    compiler = _cached(cache, "CMAKE_CXX_COMPILER")
    moved = home is not None and Path(home) != project.root
    compiler_gone = compiler is not None and not shutil.which(compiler)
    if moved or compiler_gone:
        # CMake refuses a cache that names another folder or a compiler that is gone, until the cache is deleted.
        cache_file.unlink()
        shutil.rmtree(folder / "CMakeFiles", ignore_errors=True)
        return True
    return not ninja_file.exists() or ninja_file.stat().st_mtime < project.presets_file.stat().st_mtime


def _cached(cache: str, name: str) -> str | None:
    found = re.search(rf"^{name}:[A-Z]+=(.+)$", cache, re.MULTILINE)
    return found.group(1) if found else None


def _configure(project: Project, preset: str) -> None:
    with progress(f"preparing build/{preset}") as tell:
        code, output = run_lines(
            ["cmake", "--preset", preset], cwd=project.root, on_line=lambda line: tell(line.removeprefix("-- "))
        )
    if code != 0:
        # The next call has to configure again, whatever CMake has left behind.
        (project.build_dir(preset) / "build.ninja").unlink(missing_ok=True)
        raise MuxlabError(
            f"preparing build/{preset} failed; to see all of it: cmake --preset {preset}",
            first_error(output, r"CMake Error"),
        )


def _compile(project: Project, preset: str, targets: Sequence[str]) -> None:
    command = ["cmake", "--build", "--preset", preset]
    if targets:
        command += ["--target", *targets]
    with progress(f"building {preset}") as tell:

        def on_line(line: str) -> None:
            if re.match(r"\[\d+/\d+\] ", line):
                tell(_shorten(line))

        code, output = run_lines(command, cwd=project.root, on_line=on_line)
    if code != 0:
        shown = " ".join(command)
        raise MuxlabError(
            f"the build failed; to see all of it: {shown}",
            first_error(output, r"error:|undefined reference|ninja: error|multiple definition"),
        )


def _shorten(line: str) -> str:
    """'[3/40] Building CXX object common/CMakeFiles/mux.dir/log.cpp.o' → '[3/40] common/log.cpp'."""
    found = re.match(r"(\[\d+/\d+\]) Building CXX object (.*/)?CMakeFiles/[^/]+\.dir/(.*)\.o$", line)
    return f"{found[1]} {found[2] or ''}{found[3]}" if found else line


def first_error(output: str, pattern: str) -> str:
    """The part of a program's output to look at first: from the first error on, or the end if there is none."""
    lines = output.splitlines()
    for index, line in enumerate(lines):
        if re.search(pattern, line) and not re.match(r"\[\d+/\d+\] ", line):
            rest = lines[index + 1 : index + EXCERPT]
            for length, later in enumerate(rest):
                if re.search(pattern, later) or re.match(r"\[\d+/\d+\] |ninja: |-- |Preset ", later):
                    rest = rest[:length]
                    break
            return "\n".join([line, *rest]).rstrip()
    return "\n".join(lines[-EXCERPT:])
