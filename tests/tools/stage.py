"""Made-up surroundings for the tests: a machine for the launcher, a project for the tool, and a server."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BACKSTOP = 60  # seconds; a test that gets here has failed, however slow the machine is


def write_script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def end(process: subprocess.Popen[str]) -> None:
    """Whatever became of the test, nothing it started stays behind."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(BACKSTOP)


class Gate:
    """A place where a script waits until the test lets it go: `read -r _ <GATE` in the script."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        # Both ways, so that neither side waits for the other to open it.
        self._descriptor = os.open(path, os.O_RDWR)

    def open(self) -> None:
        os.write(self._descriptor, b"go\n")

    def close(self) -> None:
        os.close(self._descriptor)
        self.path.unlink()


class Lifeline:
    """Tells when a script is there (it writes a line) and when it and all it started are gone (nobody holds it open).

    In the script: `exec 8>LIFELINE; echo here >&8`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def await_line(self) -> str:
        assert self._wait(select.POLLIN), f"nobody came to {self.path.name}"
        return os.read(self._descriptor, 4096).decode().strip()

    def await_end(self) -> None:
        while self._wait(select.POLLIN | select.POLLHUP):
            if not os.read(self._descriptor, 4096):
                return
        raise AssertionError(f"somebody still holds {self.path.name} open")

    def _wait(self, events: int) -> bool:
        poller = select.poll()
        poller.register(self._descriptor, events)
        return bool(poller.poll(BACKSTOP * 1000))


class Machine:
    """The launcher on a machine of our making: what is installed is what the test puts there.

    Every stub notes in `calls` how it was called. Python is a stub too: nothing is downloaded, and the "tool" that
    the launcher ends in prints its arguments.
    """

    BASICS = ("sh", "cat", "cksum", "cp", "env", "flock", "grep", "mkdir", "readlink", "rm", "sed", "true")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "my project"
        self.bin = folder / "bin"
        self.shelf = folder / "shelf"  # what apt-get installs from
        self.log = folder / "calls"
        self.root.mkdir()
        self.bin.mkdir()
        shutil.copy(REPOSITORY / "muxlab", self.root)
        (self.root / "requirements.txt").write_text("typer==1.0\n")
        (folder / "os-release").write_text("ID=debian\n")
        for name in self.BASICS:
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)
        self.stub("uname", "echo Linux")
        self.stub("id", "echo 1000")
        for name in ("c++", "ninja", "strace", "addr2line"):
            self.stub(name)
        self.stub("cmake", "echo cmake version 3.25.1")
        self._make_python()

    def stub(self, name: str, text: str = ":", where: Path | None = None) -> None:
        note = f'echo "{name} $*" >>{shlex.quote(str(self.log))}'
        write_script((where or self.bin) / name, f"{note}\n{text}")

    def remove(self, *names: str) -> None:
        for name in names:
            (self.bin / name).unlink()

    def _make_python(self) -> None:
        tool = self.folder / "venv-python"
        self.stub(tool.name, self._venv_python(""), where=self.folder)
        self.stub(
            "python3",
            f"""[ "$1 $2" = "-m venv" ] || exit 0
            rm -rf "$4"
            mkdir -p "$4/bin" "$4/lib/python3.11/site-packages"
            cp {shlex.quote(str(tool))} "$4/bin/python"
            """,
        )

    def _venv_python(self, pip: str) -> str:
        return f"""case "$*" in
            *"pip install"*) {pip or ":"} ;;
            *"-m muxlab"*) echo "the tool, with: $*"; echo "CXX=${{CXX-}}" ;;
        esac"""

    def pip_does(self, text: str) -> None:
        """From the next making of .venv on."""
        self.stub("venv-python", self._venv_python(text), where=self.folder)

    def apt_can_install(self, *names: str) -> None:
        for name in names:
            self.stub(name, where=self.shelf)
        self.stub("dpkg")
        self.stub("apt-get", f'[ "$1" != install ] || cp {shlex.quote(str(self.shelf))}/* {shlex.quote(str(self.bin))}')

    def become_root(self) -> None:
        self.stub("id", "echo 0")

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": str(self.bin), "MUXLAB_OS_RELEASE": str(self.folder / "os-release"), **more}

    def run(
        self, *arguments: str, command: str | None = None, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command or str(self.root / "muxlab"), *arguments],
            env=self.environment(**environment),
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BACKSTOP,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """In a process group of its own, as a shell with job control would."""
        return subprocess.Popen(
            [str(self.root / "muxlab"), *arguments],
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def forget_calls(self) -> None:
        self.log.unlink(missing_ok=True)


def await_line(process: subprocess.Popen[str], text: str) -> None:
    """Reads the stderr of a process up to the line with this text."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        if text in line:
            return
        seen.append(line)
    raise AssertionError(f"it ended without saying '{text}': {seen}")


PRESETS = """{
  "version": 3,
  "configurePresets": [{"name": "dev", "generator": "Ninja", "binaryDir": "${sourceDir}/build/dev"}],
  "buildPresets": [{"name": "dev", "configurePreset": "dev"}],
  "testPresets": [{"name": "dev", "configurePreset": "dev"}]
}"""


class Tree:
    """A project that builds in no time, with a copy of the tool: no C++ in it, and lab 01 is a Python server."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(
            REPOSITORY / "tools" / "muxlab", root / "tools" / "muxlab", ignore=shutil.ignore_patterns("__pycache__")
        )
        (root / "labs" / "01_select").mkdir(parents=True)
        (root / "CMakePresets.json").write_text(PRESETS)
        self.write_cmake()

    def write_cmake(self, text: str = "") -> None:
        server = install_fake_server(self.root / "fake server").as_posix()
        (self.root / "CMakeLists.txt").write_text(
            f"""cmake_minimum_required(VERSION 3.22)
            project(toy LANGUAGES NONE)
            enable_testing()
            add_custom_target(01_select ALL
              COMMAND ${{CMAKE_COMMAND}} -E copy "{server}" "${{CMAKE_BINARY_DIR}}/bin/01_select" VERBATIM)
            {text}
            """
        )

    def add_lab(self, folder: str, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / "labs" / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def command(self, *arguments: str) -> list[str]:
        # -I as in the launcher; the copy's own modules, not the ones that .venv knows.
        start = f"""import sys; sys.path.insert(0, {str(self.root / "tools")!r})
from muxlab.cli import main
sys.exit(main(sys.argv[1:]))"""
        return [sys.executable, "-I", "-c", start, *arguments]

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=clean_environment(**environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BACKSTOP,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=clean_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def clean_environment(**more: str) -> dict[str, str]:
    """Without what could make a terminal of a pipe, or choose another compiler or language."""
    unwanted = ("CXX", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "COLUMNS", "CTEST_", "CMAKE_", "GTEST_", "LC_ALL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "LC_MESSAGES": "C", **more}


def install_fake_server(path: Path) -> Path:
    """A program that runs fake_server.py. By way of sh, because #! takes no interpreter with a space in its path."""
    script = Path(__file__).with_name("fake_server.py")
    return write_script(path, f'exec {shlex.quote(sys.executable)} -I {shlex.quote(str(script))} "$@"')
