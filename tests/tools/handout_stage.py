"""A small course with solutions and all that students must not see, for the tests of ./muxlab handout."""

from __future__ import annotations

import subprocess
from pathlib import Path

from stage import Tree

SERVER = """#include "common/log.hpp"

namespace {lab} {{

// Serves until the end of days.
void Server::run() {{
  for (;;) {{
    const int number = theNextNumberOf(everything);
    if (number == the_last_one) return leave("{lab}", number);
    turnAround(number, number + 1, number + 2);
  }}
}}

int Server::limit() {{ return 64; }}

}}  // namespace {lab}
"""
SOLUTION = "turnAround(number, number + 1, number + 2);"
SETTINGS = '[functions]\n"server.cpp" = ["Server::run"]\n'
TESTS = '''"""A theme."""

from muxlab.grading import graded

LIMIT = 3


@graded(title="all comes back", points={"01": 2})
def test_all_comes_back() -> None:
    assert LIMIT


# The students do not know of this one.
@graded(
    title="a storm",
    points={"01": 2},
)
def test_a_storm() -> None:
    assert LIMIT


def test_the_end() -> None:
    pass
'''
READ_ME = """# A course

| | |
|---|---|
| [labs/01_select](labs/01_select/README.md) | the first |
| [labs/02_poll](labs/02_poll/README.md) | the second |

More is in [docs/architecture.md](docs/architecture.md) and [elsewhere](https://kernel.org/).

## To be graded

In seconds.

### For instructors

See [docs/instructor.md](docs/instructor.md).

## Licence
"""
READ_ME_ZH = (
    READ_ME.replace("# A course\n", "# A course\n\n[English](README.md) · Chinese\n")
    .replace("select/README.md", "select/README.zh-CN.md")
    .replace("poll/README.md", "poll/README.zh-CN.md")
    .replace("architecture.md", "architecture.zh-CN.md")
)
HINTS = """# Three for each.

[all-comes-back]
hints = [
  "look",
]

# Not for students.
[a-storm]
hints = ["hide"]

# The last one.
[the-end]
hints = []
"""
HIDDEN_HINTS = '# Not for students.\n[a-storm]\nhints = ["hide"]\n\n'


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=i", "-c", "user.email=i@i", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def write(tree: Tree, path: str, text: str) -> Path:
    file = tree.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def put(tree: Tree, path: str, text: str) -> None:
    write(tree, path, text)
    git(tree.root, "add", path)


def make_course(tree: Tree) -> Tree:
    """Two labs with an exercise each, lab 00, and much that is not for students."""
    for lab in ("01_select", "02_poll"):
        text = SERVER.format(lab=f"lab{lab[:2]}").replace("number", f"number{lab[:2]}")
        tree.add_lab(
            lab,
            {
                "server.cpp": text,
                "handout.toml": SETTINGS,
                "bugs/a-bug.patch": text,
                "README.md": "read",
                "README.zh-CN.md": "读",
            },
        )
    tree.add_lab("00_readiness", {"main.cpp": "int main() {}\n"})
    for path in ("slides/01.md", ".ci/run", "tests/tools/test_x.py", "docs/instructor.md", "tests/tools/foreign/s.py"):
        write(tree, path, "for the instructor")
    write(tree, "docs/instructor.zh-CN.md", "for the instructor")
    write(tree, "docs/architecture.md", "for all")
    write(tree, "docs/architecture.zh-CN.md", "for all")
    write(tree, "README.md", READ_ME)
    write(tree, "README.zh-CN.md", READ_ME_ZH)
    write(tree, "tests/graded/test_theme.py", TESTS)
    write(tree, "tests/graded/hints/theme.toml", HINTS)
    write(tree, "tests/graded/hints/zh/theme.toml", HINTS)
    write(tree, "tests/graded/test_inside.py", "def test_a_post():\n    pass\n")
    write(tree, "muxlab", "#!/bin/sh\n").chmod(0o755)
    (tree.root / "link").symlink_to("muxlab")
    write(tree, ".gitignore", "/build/\n*.secret\n")
    git(tree.root, "init", "-q")
    git(tree.root, "add", "-A")
    git(tree.root, "commit", "-qm", "solutions and all")
    return tree


def out_beside(course: Tree) -> str:
    return str(course.root.parent / "out")


def hand_out(course: Tree, *arguments: str) -> Path:
    done = course.run("handout", out_beside(course), *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return Path(out_beside(course))


def refused(course: Tree, *arguments: str) -> str:
    """The one line that it says instead. Nothing is left behind."""
    before = sorted(course.root.parent.iterdir())
    done = course.run("handout", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert sorted(course.root.parent.iterdir()) == before
    assert done.stderr.startswith("muxlab: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("muxlab: ").rstrip()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".git/" not in str(path)}


def with_settings(course: Tree, text: str) -> None:
    (course.root / "labs/01_select/handout.toml").write_text(text)
