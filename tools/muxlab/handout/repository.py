"""What git knows about the project, and the new repository that a handout is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from muxlab.errors import MuxlabError

AUTHOR = ("muxlab handout", "muxlab@localhost")


def tracked_files(root: Path) -> list[str]:
    """Every file that git keeps for this folder. What only lies around in it is nobody's business."""
    if not (root / ".git").exists():
        raise MuxlabError(f"{root} is no git repository, and a handout takes only files that git knows: git clone it")
    return [name for name in _git(root, "ls-files", "-z").split("\0") if name]


def make_repository(root: Path, message: str) -> None:
    """One commit with everything in the folder: nothing of the history from which it was made."""
    _git(root, "init", "--quiet", "--template=", "--initial-branch=main")
    _git(root, "add", "--all", "--force")
    name, mail = AUTHOR
    settings = [f"user.name={name}", f"user.email={mail}", "commit.gpgSign=false"]
    options = [option for setting in settings for option in ("-c", setting)]
    _git(root, *options, "commit", "--quiet", "--no-verify", "--message", message)


def _git(root: Path, *arguments: str) -> str:
    # A git hook or an alias may have set GIT_DIR and its like: they would lead to another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", root, "-c", "core.autocrlf=false", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
        )
    except FileNotFoundError:
        raise MuxlabError("git is not installed, and a handout is a git repository: install git") from None
    if done.returncode != 0:
        command = next(word for word in arguments if not word.startswith("-") and "=" not in word)
        raise MuxlabError(f"git {command} failed in {root}", done.stderr.strip())
    return done.stdout
