"""./muxlab handout: when it refuses, because a solution would be handed out or because something is wrong."""

from __future__ import annotations

import pytest

from handout_stage import SETTINGS, hand_out, make_course, out_beside, put, refused, with_settings
from stage import Tree


@pytest.fixture
def course(tree: Tree) -> Tree:
    return make_course(tree)


# ---- solutions that are somewhere else ------------------------------------------------------------------------------


def solution(course: Tree) -> str:
    text = (course.root / "labs/01_select/server.cpp").read_text()
    return text[text.index("  for") : text.index("int Server::limit")]


@pytest.mark.parametrize("page", ["docs/how.md", "docs/how.zh-CN.md"])
def test_a_solution_in_the_documentation_stops_it(course: Tree, page: str) -> None:
    laid_out_anew = " ".join(solution(course).split()).replace(";", ";\n\n// so it is\n")
    put(course, page, f"# How\n\n```cpp\n{laid_out_anew}\n```\n")
    told = refused(course, out_beside(course), "--labs", "01")
    assert told.startswith(f"{page}:4 gives Server::run of lab 01 away (")
    assert told.endswith("in a handout.toml, or the file under leave_out in labs/01_select/handout.toml")
    with_settings(course, f'leave_out = ["docs/how.md"]\n{SETTINGS}')
    hand_out(course, "--labs", "01")


def test_a_likeness_in_another_lab_stops_it_unless_that_lab_is_asked_for_finished(course: Tree) -> None:
    same = course.root / "labs/01_select/server.cpp"
    put(course, "labs/02_poll/helper.cpp", same.read_text().replace("lab01", "lab02"))
    assert refused(course, out_beside(course), "--labs", "01,02").startswith(
        "labs/02_poll/helper.cpp:6 gives Server::run of lab 01"
    )
    done = course.run("handout", out_beside(course), "--labs", "01", "--with-solutions", "02")
    assert done.returncode == 0
    assert "finished: 02_poll, which shows much of Server::run (lab 01)" in done.stdout


def test_a_few_lines_in_common_are_no_solution(course: Tree) -> None:
    put(course, "common/turn.cpp", "void turn() {\n  const int number01 = theNextNumberOf(everything);\n}\n")
    hand_out(course, "--labs", "01")


# ---- what can go wrong ----------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_empty(course: Tree) -> None:
    out = course.root.parent / "mine"
    out.mkdir()
    (out / "thesis").touch()
    assert refused(course, str(out), "--labs", "01") == f"{out} is not empty: name a folder that does not exist yet"
    assert [path.name for path in out.iterdir()] == ["thesis"]
    thesis = out / "thesis"
    assert refused(course, str(thesis), "--labs", "01") == f"{thesis} is a file: name a folder that does not exist yet"


def test_a_lab_that_does_not_exist(course: Tree) -> None:
    assert refused(course, out_beside(course), "--labs", "01,7").startswith(
        "no lab is called '7': choose 00_readiness, 01_select"
    )


@pytest.mark.parametrize("labs", ["", " , ", "00"])
def test_no_lab(course: Tree, labs: str) -> None:
    assert refused(course, out_beside(course), "--labs", labs) == (
        "a handout needs a lab with something to write, 01 to 05: --labs 01"
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("functions = 3", "labs/01_select/handout.toml: functions is a table, from a file to its functions"),
        ("functions = [", "labs/01_select/handout.toml: Invalid value (at end of document)"),
        ("hiden_tests = []", "labs/01_select/handout.toml has no use for 'hiden_tests': did you mean hidden_tests?"),
        (
            '[functions]\n"server.cpp" = "Server::run"',
            'labs/01_select/handout.toml: server.cpp is a list of names: ["…", "…"]',
        ),
        (
            '[functions]\n"lost.cpp" = []',
            "labs/01_select/handout.toml: git knows no labs/01_select/lost.cpp",
        ),
        (
            '[functions]\n"server.cpp" = ["Server::rum"]',
            "labs/01_select/server.cpp has no function Server::rum: did you mean Server::run?",
        ),
        (
            'hidden_tests = ["01.a-strom"]',
            "hidden_tests: no test of tests/graded/ is called a-strom: did you mean a-storm?",
        ),
        (
            'hidden_tests = ["tests/graded/test_them.py"]',
            "hidden_tests: there is no tests/graded/test_them.py: did you mean tests/graded/test_theme.py?",
        ),
        (
            'hidden_tests = ["05.a-post"]',
            "hidden_tests: a-post cannot be hidden: students build tests/graded/inside/ as well",
        ),
    ],
)
def test_settings_that_do_not_fit(course: Tree, settings: str, told: str) -> None:
    with_settings(course, settings)
    assert refused(course, out_beside(course), "--labs", "01") == told


def test_a_source_that_is_missing(course: Tree) -> None:
    (course.root / "labs/01_select/README.md").unlink()
    name = "labs/01_select/README.md"
    assert (
        refused(course, out_beside(course), "--labs", "01") == f"{name} is missing: git restore {name} brings it back"
    )


def test_a_source_that_cannot_be_parsed(course: Tree) -> None:
    put(course, "labs/01_select/server.cpp", "void Server::run() {\n  if (\n}\n")
    told = refused(course, out_beside(course), "--labs", "01")
    assert told.startswith("labs/01_select/server.cpp:")
    assert "cannot be parsed, so no function of this file can be emptied safely" in told


def test_a_project_without_git(tree: Tree) -> None:
    tree.add_lab("01_select", {"handout.toml": SETTINGS})
    told = refused(tree, out_beside(tree), "--labs", "01")
    assert told == f"{tree.root} is no git repository, and a handout takes only files that git knows: git clone it"


def test_a_git_that_fails(course: Tree) -> None:
    (course.root / ".git/index").write_text("no index")
    done = course.run("handout", out_beside(course), "--labs", "01")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"muxlab: git ls-files failed in {course.root}"
    assert "Traceback" not in done.stderr
