"""./muxlab grade from outside: what a user types, and what a user gets back; above all when something is wrong."""

from __future__ import annotations

import json

import pytest

from grade_stage import FAILING, PASSING, make_suite
from stage import Tree, write_script

NEEDING = """
@graded(title="no byte is read twice", points={"01": 4}, needs=[Instrument.SANITIZER])
def test_sanitized(lab: LabUnderTest) -> None:
    lab.check("never", False)
"""
BROKEN = """
@graded(title="the author was tired", points={"01": 4})
def test_tired(lab: LabUnderTest) -> None:
    {}["no such key"]
"""
WITHOUT_INSTRUMENT = """
@graded(title="one at a time", points={"01": 4})
def test_at_a_time(lab: LabUnderTest) -> None:
    raise InstrumentError("the server cannot be held")
"""


def test_a_good_lab_has_all_its_points(tree: Tree) -> None:
    make_suite(tree, PASSING)
    done = tree.run("grade", "01")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "100/100 points: 1 passed, 0 failed"
    assert done.stdout.startswith("graded with seed ")


def test_a_failure_is_told_and_costs_its_points(tree: Tree) -> None:
    make_suite(tree, PASSING, FAILING, hints='[three-bytes]\nhints = ["look", "look closer", "look there"]')
    done = tree.run("grade", "01", "--seed", "7")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[4:] == [
        "✗ 01 · three bytes come back                                                              −25 points",
        "  1  client A sends 3 bytes   ok",
        "  2  A expects 3 bytes back   got 1 byte, then nothing",
        "     expected 61 62 63 |abc|",
        "     got      61 |a|",
        "  hint 1 of 3: look      (./muxlab hint 01.three-bytes)",
        "  again: ./muxlab grade 01 -k three-bytes --seed 7",
        "",
        "75/100 points: 1 passed, 1 failed",
    ]


@pytest.mark.parametrize(
    ("arguments", "environment", "behind"),
    [(["--lang", "zh"], {}, " --lang zh"), ([], {"LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}, "")],
)
def test_the_hint_is_in_the_language_of_the_reader(
    tree: Tree, arguments: list[str], environment: dict[str, str], behind: str
) -> None:
    make_suite(tree, FAILING, hints='[three-bytes]\nhints = ["look", "look closer", "look there"]')
    folder = tree.root / "tests/graded/hints/zh"
    folder.mkdir()
    (folder / "theme.toml").write_text('[three-bytes]\nhints = ["看", "再看", "看那里"]')
    told = tree.run("grade", "01", "--seed", "7", *arguments, **environment).stdout
    assert f"\n  提示 1/3：看      (./muxlab hint 01.three-bytes{behind})\n" in told


def test_just_one_test_again(tree: Tree) -> None:
    make_suite(tree, PASSING, FAILING, FAILING.replace("three_bytes", "three_bytes_twice"))
    done = tree.run("grade", "01", "-k", "three-bytes")
    assert "20 points" in done.stdout
    assert done.stdout.splitlines()[-1] == "0/20 points: 0 passed, 1 failed"
    both = tree.run("grade", "01", "-k", "three and not works")
    assert both.stdout.splitlines()[-1] == "0/40 points: 0 passed, 2 failed"


def test_all_labs_that_are_here(tree: Tree) -> None:
    make_suite(tree, PASSING)
    done = tree.run("grade", "--all")
    assert done.returncode == 0, done.stderr
    assert [line[:2] for line in done.stdout.splitlines()[2:5]] == ["01", "02", "to"]
    assert done.stdout.splitlines()[-1] == "200/200 points: 2 passed, 0 failed"


def test_a_lab_that_does_not_build_costs_its_own_points(tree: Tree) -> None:
    write_script(tree.root / "compiler", "echo 'labs/x.cpp:3:1: error: no semicolon'; exit 1")
    make_suite(
        tree,
        PASSING,
        cmake="""add_custom_target(broken COMMAND "${CMAKE_SOURCE_DIR}/compiler" VERBATIM)
                 add_dependencies(02_poll broken)""",
    )
    done = tree.run("grade", "01", "02")
    assert done.returncode == 1
    assert "✗ 02 · the build failed; to see all of it: cmake --build --preset dev --target 02_poll" in done.stdout
    assert "  labs/x.cpp:3:1: error: no semicolon" in done.stdout
    assert done.stdout.splitlines()[-1] == "100/200 points: 1 passed, 1 failed"


def test_somebody_elses_program(tree: Tree) -> None:
    make_suite(tree, PASSING, FAILING)
    program = write_script(tree.root / "my server", "exit 0")
    done = tree.run("grade", "01", "--server", str(program), "--seed", "1")
    assert f"  again: ./muxlab grade 01 --server '{program}' -k three-bytes --seed 1" in done.stdout
    assert not (tree.root / "build/dev/bin/01_select").exists()


def test_a_program_that_is_not_there_is_a_failure_with_a_name(tree: Tree) -> None:
    make_suite(tree, PASSING)
    done = tree.run("grade", "01", "--server", "/nowhere/server")
    assert done.returncode == 1
    assert "✗ 01 · there is no program /nowhere/server: build it first, or check the path" in done.stdout


def test_what_cannot_be_run_here_does_not_count_in_practice(tree: Tree) -> None:
    make_suite(tree, PASSING, NEEDING, WITHOUT_INSTRUMENT)
    done = tree.run("grade", "01")
    assert done.returncode == 0
    assert "not run, 1 test worth 36.4 points: this program is built without sanitizers" in done.stdout
    assert "not run, 1 test worth 36.3 points: the server cannot be held" in done.stdout
    assert done.stdout.splitlines()[-1] == "27.3/27.3 points: 1 passed, 0 failed, 2 not run"


def test_a_test_that_needs_a_sanitizer_gets_a_build_with_one(tree: Tree) -> None:
    make_suite(tree, PASSING, NEEDING.replace('"never", False', '"it is", "/asan/" in str(lab.executable)'))
    presets = tree.root / "CMakePresets.json"
    content = json.loads(presets.read_text())
    for kind, name in (("configurePresets", "name"), ("buildPresets", "configurePreset"), ("testPresets", "name")):
        content[kind].append({**content[kind][0], "name": "asan", name: "asan"})
    content["configurePresets"][1]["binaryDir"] = "${sourceDir}/build/asan"
    presets.write_text(json.dumps(content))
    with (tree.root / "fake server").open("a") as server:
        server.write("# a sanitizer is known by __asan_init\n")
    done = tree.run("grade", "01")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "100/100 points: 2 passed, 0 failed"


def test_official_grading_refuses_before_it_runs_anything(tree: Tree) -> None:
    make_suite(tree, PASSING, NEEDING)
    results = tree.root / "results.json"
    results.write_text("of last year")
    done = tree.run("grade", "01", "--official", "--seed", "7", "--json", str(results))
    assert (done.returncode, done.stdout) == (3, "")
    lines = done.stderr.splitlines()
    assert lines[0] == "muxlab: official grading, seed 7"
    assert lines[-2].startswith("muxlab: 01: this program is built without sanitizers")
    assert lines[-1].startswith("muxlab: official grading needs every test to run")
    assert not results.exists()


def test_official_grading(tree: Tree) -> None:
    make_suite(tree, PASSING, FAILING)
    results = tree.root / "results.json"
    done = tree.run("grade", "01", "--official", "--json", str(results))
    assert done.returncode == 1, done.stderr
    content = json.loads(results.read_text())
    assert (content["official"], content["score"]) == (True, 75)


def test_a_broken_test_is_not_the_students_fault(tree: Tree) -> None:
    make_suite(tree, PASSING, BROKEN)
    done = tree.run("grade", "01")
    assert done.returncode == 3
    assert "the test itself is broken: KeyError: 'no such key' (test_theme.py:" in done.stdout


def test_all_three_files(tree: Tree) -> None:
    make_suite(tree, PASSING, FAILING)
    files = {name: tree.root / name for name in ("json", "junit", "gradescope")}
    done = tree.run("grade", "01", *(word for name, path in files.items() for word in (f"--{name}", str(path))))
    assert done.returncode == 1
    assert json.loads(files["json"].read_text())["score"] == 75
    assert json.loads(files["gradescope"].read_text())["score"] == 75
    assert "<testsuites" in files["junit"].read_text()


def test_a_suite_that_is_not_in_order_grades_nobody(tree: Tree) -> None:
    make_suite(tree, PASSING)
    (tree.root / "tests/graded/test_more.py").write_text("import nothing_of_that_name\n")
    done = tree.run("grade", "01")
    assert (done.returncode, done.stdout) == (3, "")
    assert "test_more.py cannot be loaded: ModuleNotFoundError: No module named 'nothing_of_that_name'" in done.stderr


def test_two_tests_of_one_name(tree: Tree) -> None:
    make_suite(tree, PASSING)
    (tree.root / "tests/graded/test_more.py").write_text((tree.root / "tests/graded/test_theme.py").read_text())
    done = tree.run("grade", "01")
    assert done.returncode == 3
    assert (
        "two tests are called 01.works: in tests/graded/test_more.py and in tests/graded/test_theme.py" in done.stderr
    )


def test_a_test_that_is_not_declared(tree: Tree) -> None:
    make_suite(tree, PASSING, "\n\ndef test_forgotten(lab: LabUnderTest) -> None:\n    pass\n")
    done = tree.run("grade", "01")
    assert done.returncode == 3
    assert "test_forgotten takes a lab and is not declared: @graded(title=…, points=…)" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "grade what? Name a lab, or say --all: ./muxlab grade 03"),
        (["01", "--all"], "grade what? Name a lab, or say --all: ./muxlab grade 03"),
        (["00"], "00_readiness is no echo server: choose among "),
        (["03"], "lab 03_epoll_lt is not in this repository"),
        (["01", "--preset", "fast"], "no preset is called 'fast': choose dev"),
        (["01", "02", "--server", "/bin/true"], "--server is graded for one lab: ./muxlab grade 03 --server PATH"),
        (["01", "--official", "-k", "x"], "--official grades all of a lab"),
        (["01", "--json", "/nowhere/r.json"], "there is no folder /nowhere to write r.json to"),
        (["01", "-k", "nothing"], "no test of lab 01 fits -k 'nothing': ./muxlab grade 01 --list shows all"),
        (["01", "-k", "a and"], "-k 'a and' is not an expression that pytest can read: "),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(tree: Tree, arguments: list[str], line: str) -> None:
    make_suite(tree, PASSING)
    done = tree.run("grade", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"muxlab: {line}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["grade", "hint"])
def test_the_commands_explain_themselves(tree: Tree, command: str) -> None:
    done = tree.run(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: ./muxlab {command} " in done.stdout


def test_hints_are_shown_one_at_a_time(tree: Tree) -> None:
    make_suite(tree, hints='[works]\nhints = ["one", "two", "three"]')
    assert tree.run("hint", "01.works").stdout.splitlines()[0] == "hint 1 of 3: one"
    assert tree.run("hint", "01.works").stdout.splitlines()[0] == "hint 2 of 3: two"
    unknown = tree.run("hint", "01.work")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "muxlab: there are no hints for '01.work': did you mean works?\n"


def test_the_list_of_tests(tree: Tree) -> None:
    make_suite(tree, PASSING, FAILING)
    done = tree.run("grade", "01", "--list")
    assert [line.split(maxsplit=2) for line in done.stdout.splitlines()] == [
        ["01.works", "75", "what works works"],
        ["01.three-bytes", "25", "three bytes come back"],
    ]
