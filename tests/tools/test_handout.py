"""./muxlab handout: what is in the student repository, and what is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from handout_stage import (
    HIDDEN_HINTS,
    HINTS,
    READ_ME,
    READ_ME_ZH,
    SERVER,
    SETTINGS,
    SOLUTION,
    TESTS,
    files,
    git,
    hand_out,
    make_course,
    out_beside,
    put,
    refused,
    with_settings,
    write,
)
from stage import Tree


@pytest.fixture
def course(tree: Tree) -> Tree:
    return make_course(tree)


def test_the_functions_are_empty_and_the_rest_is_as_it_was(course: Tree) -> None:
    out = hand_out(course, "--labs", "01")
    source = (out / "labs/01_select/server.cpp").read_text()
    before, after = (
        SERVER.format(lab="lab01").replace("number", "number01").split("{\n  for", 1)[0],
        "int Server::limit()",
    )
    with_include = before.replace('log.hpp"\n', 'log.hpp"\n#include "common/not_written.hpp"\n')
    assert source.startswith(f'{with_include}{{\n  mux::notWritten("Server::run");\n}}\n\n{after}')
    assert "void notWritten(const char* function, " in (out / "common/not_written.hpp").read_text()
    assert "-Wno-unused-parameter" in (out / "handout.cmake").read_text()


def test_what_is_in_it(course: Tree) -> None:
    write(course, "labs/01_select/mine.secret", "ignored")
    write(course, "labs/01_select/scratch.cpp", "git does not know it")
    inside = files(hand_out(course, "--labs", "1"))
    assert {path for path in inside if not path.startswith("tools/")} == {
        ".gitignore",
        "CMakeLists.txt",
        "CMakePresets.json",
        "README.md",
        "README.zh-CN.md",
        "common/not_written.hpp",
        "docs/architecture.md",
        "docs/architecture.zh-CN.md",
        "fake server",
        "handout.cmake",
        "labs/00_readiness/main.cpp",
        "labs/01_select/README.md",
        "labs/01_select/README.zh-CN.md",
        "labs/01_select/server.cpp",
        "link",
        "muxlab",
        "tests/graded/hints/theme.toml",
        "tests/graded/hints/zh/theme.toml",
        "tests/graded/test_inside.py",
        "tests/graded/test_theme.py",
    }
    assert "tools/muxlab/cli.py" in inside


def test_the_readme_does_not_speak_of_what_is_not_there(course: Tree) -> None:
    out = hand_out(course, "--labs", "01")
    for name, whole in (("README.md", READ_ME), ("README.zh-CN.md", READ_ME_ZH)):
        text = whole.replace(f"| [labs/02_poll](labs/02_poll/{name}) | the second |\n", "")
        start, rest = text.split("### For instructors")
        paragraphs = (out / name).read_text().split("\n\n")
        assert "\n\n".join([paragraphs[0], *paragraphs[2:]]) == start + rest[rest.index("## Licence") :]


def test_a_course_in_one_language_does_not_lead_to_the_other(course: Tree) -> None:
    put(course, "README.md", READ_ME.replace("# A course\n", "# A course\n\nEnglish · [Chinese](README.zh-CN.md)\n"))
    git(course.root, "rm", "-q", "README.zh-CN.md")
    assert "Chinese" not in (hand_out(course, "--labs", "01,02") / "README.md").read_text()


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_begins_with_what_is_to_write_here(course: Tree, name: str) -> None:
    title, first, *_ = (hand_out(course, "--labs", "01") / name).read_text().split("\n\n")
    assert title.startswith("# ")
    assert f"(labs/01_select/{name})" in first
    assert "`./muxlab grade 01`" in first
    assert "labs/02" not in first


def test_modes_links_and_changes_that_are_not_committed_are_kept(course: Tree) -> None:
    write(course, "labs/01_select/README.md", "better\n")
    out = hand_out(course, "--labs", "01")
    assert os.access(out / "muxlab", os.X_OK)
    assert not os.access(out / "CMakeLists.txt", os.X_OK)
    assert (out / "link").readlink() == Path("muxlab")
    assert (out / "labs/01_select/README.md").read_text() == "better\n"


def test_it_is_a_repository_with_one_commit_and_no_past(course: Tree) -> None:
    out = hand_out(course, "--labs", "01,02")
    assert git(out, "log", "--format=%s|%an").splitlines() == ["muxlab: labs 01, 02|muxlab handout"]
    assert git(out, "status", "--porcelain", "--ignored") == ""
    assert git(out, "branch", "--show-current").strip() == "main"
    assert "solutions and all" not in git(out, "log", "--all", "--reflog")


def test_it_comes_out_of_a_git_hook_too(course: Tree) -> None:
    done = course.run(
        "handout", out_beside(course), "--labs", "01", GIT_DIR=str(course.root / ".git"), GIT_INDEX_FILE="/nowhere"
    )
    assert done.returncode == 0, done.stderr
    assert git(course.root, "log", "--format=%s").splitlines() == ["solutions and all"]


def test_it_says_what_there_is_to_write(course: Tree) -> None:
    done = course.run("handout", out_beside(course), "--labs", "01,02", "--with-solutions", "02")
    lines = done.stdout.splitlines()
    assert lines[:-1] == ["to write in labs/01_select/server.cpp: Server::run", "finished: 02_poll"]
    assert lines[-1].startswith(f"{out_beside(course)} is ready: a git repository with ")
    assert lines[-1].endswith("; begin in there with ./muxlab grade 01")


def test_a_finished_lab_beside_one_to_write(course: Tree) -> None:
    out = hand_out(course, "--labs", "02", "--with-solutions", "01")
    assert SOLUTION.replace("number", "number01") in (out / "labs/01_select/server.cpp").read_text()
    assert "turnAround" not in (out / "labs/02_poll/server.cpp").read_text()
    assert not {path for path in files(out) if path.endswith(("handout.toml", ".patch"))}


def test_nothing_but_finished_labs(course: Tree) -> None:
    out = hand_out(course, "--labs", "01", "--with-solutions", "01")
    reference = course.root / "labs/01_select/server.cpp"
    assert (out / "labs/01_select/server.cpp").read_bytes() == reference.read_bytes()
    assert not (out / "handout.cmake").exists()


def test_an_empty_folder_will_do(course: Tree) -> None:
    (course.root.parent / "out").mkdir()
    assert (hand_out(course, "--labs", "01") / ".git").is_dir()


def test_no_handout_from_a_handout(course: Tree) -> None:
    out = hand_out(course, "--labs", "01")
    course.root = out
    told = refused(course, str(out.parent / "second"), "--labs", "01")
    assert (
        told == "labs/01_select/handout.toml is missing: handouts are made from the whole project, not from a handout"
    )


# ---- hidden tests, and what else is left out ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a-storm", "01.a-storm"])
def test_a_hidden_test_goes_with_its_hints(course: Tree, name: str) -> None:
    with_settings(course, f'hidden_tests = ["{name}"]\n{SETTINGS}')
    out = hand_out(course, "--labs", "01")
    theme = (out / "tests/graded/test_theme.py").read_text()
    cut = TESTS[TESTS.index("# The students") : TESTS.index("def test_the_end")]
    assert theme == TESTS.replace(cut, "")
    for language in ("", "zh/"):
        assert (out / f"tests/graded/hints/{language}theme.toml").read_text() == HINTS.replace(HIDDEN_HINTS, "")


def test_the_hints_for_one_lab_go_as_well(course: Tree) -> None:
    of_one_lab = '["02.a-storm"]\nhints = ["poll"]\n'
    put(course, "tests/graded/hints/theme.toml", f"{HINTS}\n{of_one_lab}")
    with_settings(course, f'hidden_tests = ["a-storm"]\n{SETTINGS}')
    out = hand_out(course, "--labs", "01")
    assert (out / "tests/graded/hints/theme.toml").read_text() == HINTS.replace(HIDDEN_HINTS, "")


def test_a_hidden_file_goes_and_so_do_the_hints_for_its_tests(course: Tree) -> None:
    put(course, "tests/graded/hints/other.toml", '[a-storm-of-rain]\nhints = ["stay"]\n')
    with_settings(course, f'hidden_tests = ["tests/graded/test_theme.py"]\n{SETTINGS}')
    inside = files(hand_out(course, "--labs", "01"))
    gone = {"tests/graded/test_theme.py", "tests/graded/hints/theme.toml", "tests/graded/hints/zh/theme.toml"}
    assert not gone & inside
    assert "tests/graded/hints/other.toml" in inside


def test_what_a_lab_leaves_out(course: Tree) -> None:
    with_settings(course, f'leave_out = ["docs/architecture.md", "link"]\n{SETTINGS}')
    assert not {"docs/architecture.md", "docs/architecture.zh-CN.md", "link"} & files(hand_out(course, "--labs", "01"))
