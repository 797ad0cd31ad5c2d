"""reveal.js, from a package of PyPI that carries it: unpacked once into .venv, and copied beside the pages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from muxlab.console import say
from muxlab.errors import MuxlabError
from muxlab.project import Project

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
FILES = (
    "LICENSE",
    "dist/reset.css",
    "dist/reveal.css",
    "dist/reveal.js",
    "dist/theme/fonts/source-sans-pro",
    "plugin/notes/notes.js",
)


def reveal(project: Project) -> Path:
    """Its folder. Installs it first where it is missing: the package alone, for its Sphinx is not needed here."""
    pinned = REQUIREMENTS.read_text(encoding="utf-8").strip()
    target = project.root / ".venv" / pinned.replace("==", "-")
    folder = target / "sphinx_revealjs" / "_static" / "revealjs"
    if not (folder / "dist" / "reveal.js").is_file():
        say(f"installing reveal.js from {pinned} (once; 2 MB)")
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
        command += ["--no-deps", "--target", str(target), "-r", str(REQUIREMENTS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not (folder / "dist" / "reveal.js").is_file():
            shutil.rmtree(target, ignore_errors=True)
            raise MuxlabError(f"{pinned} could not be installed: is PyPI reachable?", done.stderr.strip())
    return folder


def copy_assets(project: Project, out: Path) -> None:
    """What the pages load: nothing of it comes from the network."""
    source = reveal(project)
    for name in FILES:
        target = out / "reveal" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.eot", "*.ttf"))
        else:
            shutil.copyfile(source / name, target)
    shutil.copyfile(project.root / "slides" / "theme.css", out / "theme.css")
    shutil.copyfile(Path(__file__).with_name("measure.js"), out / "measure.js")
