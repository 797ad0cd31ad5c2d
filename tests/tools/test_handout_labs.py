"""The labs themselves as handouts: nothing gives a solution away. What it takes to build them is in ci/."""

from __future__ import annotations

import functools
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from muxlab.handout.bodies import Body, restore
from muxlab.handout.leaks import find_leaks
from muxlab.handout.make import Handout, plan_handout, write_handout
from muxlab.handout.settings import read_exercise
from muxlab.project import SERVERS, Lab, Project
from stage import REPOSITORY, clean_environment

PROJECT = Project(REPOSITORY)
ALL = tuple(SERVERS)
pytestmark = pytest.mark.skipif(
    not (REPOSITORY / ".git").exists() or not shutil.which("git"), reason="handouts are made from a git repository"
)


@functools.cache
def planned(to_write: tuple[Lab, ...], finished: tuple[Lab, ...] = ()) -> Handout:
    return plan_handout(PROJECT, to_write, finished)


HandOut = Callable[..., tuple[Path, Handout]]


@pytest.fixture(scope="module")
def hand_out(tmp_path_factory: pytest.TempPathFactory) -> HandOut:
    """Each handout is made once: the tests read in it, and write elsewhere."""

    @functools.cache
    def made(to_write: tuple[Lab, ...], finished: tuple[Lab, ...] = ()) -> tuple[Path, Handout]:
        out = tmp_path_factory.mktemp("handout") / "out"
        write_handout(PROJECT, planned(to_write, finished), out)
        return out, planned(to_write, finished)

    return made


def distinctive_lines(body: Body) -> set[str]:
    """Those that nobody writes by accident, without their comments."""
    lines = {" ".join(line.split("//")[0].split()) for line in body.text.splitlines()}
    return {line for line in lines if len(line) > 30}


def lines_of(out: Path) -> dict[str, set[str]]:
    paths = [path for path in out.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {
        str(path.relative_to(out)): {
            " ".join(line.split("//")[0].split()) for line in path.read_text(errors="replace").splitlines()
        }
        for path in paths
    }


@pytest.mark.parametrize("lab", ALL, ids=lambda lab: lab.folder)
def test_every_lab_is_an_exercise(lab: Lab) -> None:
    exercise = read_exercise(PROJECT, lab)
    bodies = planned((lab,)).bodies
    assert len(bodies) >= 4
    assert {body.path for body in bodies} == set(exercise.functions)


@pytest.mark.parametrize(
    "count", [1, pytest.param(2, marks=pytest.mark.ci), pytest.param(3, marks=pytest.mark.ci), 4, 5]
)
def test_no_choice_of_labs_gives_a_solution_away(count: int) -> None:
    for labs in itertools.combinations(ALL, count):
        planned(labs)  # refuses otherwise


def test_a_search_for_every_emptied_body_finds_none(hand_out: HandOut) -> None:
    out, handout = hand_out(ALL)
    texts = lines_of(out)
    for body in handout.bodies:
        wanted = distinctive_lines(body)
        for path, lines in texts.items():
            # setInterest and watch, serve and broadcast: a line in common is no solution.
            assert len(wanted & lines) <= max(1, len(wanted) // 4), (body.name, path, wanted & lines)


def test_that_search_does_find_solutions(hand_out: HandOut) -> None:
    out, handout = hand_out(ALL[:1], ALL[1:])
    found = {
        body.name
        for body in handout.bodies
        for path, lines in lines_of(out).items()
        if len(distinctive_lines(body) & lines) > max(1, len(distinctive_lines(body)) // 4)
    }
    assert found == {"SelectServer::acceptClients", "SelectServer::serve"}


def test_a_finished_lab_is_the_reference(hand_out: HandOut) -> None:
    out, handout = hand_out(ALL[1:2], ALL[:1])
    for source in PROJECT.sources(ALL[0]):
        assert (out / source.relative_to(REPOSITORY)).read_bytes() == source.read_bytes()
    assert {body.path for body in handout.bodies} == {"labs/02_poll/poll_server.cpp"}
    assert {path.name for path in (out / "labs").iterdir() if path.is_dir()} == {"00_readiness", "01_select", "02_poll"}


def test_no_bug_cards_settings_or_tests_of_the_kit_itself(hand_out: HandOut) -> None:
    out, _ = hand_out(ALL)
    assert not [path for path in out.rglob("*") if path.name == "handout.toml" or path.suffix == ".patch"]
    left_out = ("bench", "docs/graded_tests.md", "slides", "tests/tools", "tests/unit")
    assert not [name for name in left_out if (out / name).exists()]
    for name in ("README.md", "README.zh-CN.md"):
        readme = (out / name).read_text()
        assert "./muxlab grade 03" in readme
        assert "./muxlab handout" not in readme


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_its_readme_asks_for_nothing_that_cannot_be_done_in_it(name: str, hand_out: HandOut) -> None:
    """The tour of the kit runs other labs, and bug cards: who followed it in a handout saw refusals only."""
    out, _ = hand_out(ALL[2:3])
    readme = (out / name).read_text()
    for command in ("./muxlab run 01", "./muxlab diff", "./muxlab trace 03", "./muxlab bug", "./muxlab bench  "):
        assert command in (REPOSITORY / name).read_text()
        assert command not in readme
    assert "./muxlab compare" in readme
    assert "./muxlab grade 03" in readme


def test_the_sheets_come_in_both_languages_and_the_readme_leads_to_them(hand_out: HandOut) -> None:
    out, _ = hand_out(ALL[:2])
    for lab in ("00_readiness", "01_select", "02_poll"):
        for name in ("README.md", "README.zh-CN.md"):
            assert (out / "labs" / lab / name).read_bytes() == (REPOSITORY / "labs" / lab / name).read_bytes()
            assert f"(labs/{lab}/{name})" in (out / name).read_text()
    for name in ("README.md", "README.zh-CN.md"):
        targets = re.findall(r"\]\(([^)#:]+)\)", (out / name).read_text())
        assert targets
        assert not [target for target in targets if not (out / target).exists()]
    assert len(list((out / "tests/graded/hints/zh").iterdir())) == len(
        list((out / "tests/graded/hints").glob("*.toml"))
    )


def test_the_search_for_solutions_reads_the_chinese_pages(hand_out: HandOut) -> None:
    """A sheet that showed a body in any language would not be handed out."""
    _, handout = hand_out(ALL)
    pages = {"README.zh-CN.md", *(f"labs/{lab.folder}/README.zh-CN.md" for lab in ALL)}
    assert pages <= {*handout.copied, *handout.changed}
    body = max(handout.bodies, key=lambda each: len(each.text))
    page = f"# 实验\n\n```cpp\n{body.text}\n```\n"
    assert [leak.path for leak in find_leaks([body], [("labs/01_select/README.zh-CN.md", page)])]


@pytest.mark.parametrize("lab", ALL, ids=lambda lab: lab.folder)
def test_the_reference_bodies_put_back_give_the_reference(lab: Lab, hand_out: HandOut) -> None:
    out, _ = hand_out((lab,))
    for path, names in read_exercise(PROJECT, lab).functions.items():
        reference = (REPOSITORY / path).read_bytes()
        assert (out / path).read_bytes() != reference
        assert restore(path, (out / path).read_bytes(), reference, names) == reference


@pytest.mark.parametrize("lab", ALL, ids=lambda lab: lab.folder)
def test_cmake_copes_with_labs_that_are_not_there(lab: Lab, hand_out: HandOut, tmp_path: Path) -> None:
    out, _ = hand_out((lab,))
    command = ["cmake", "--preset", "dev", "-B", str(tmp_path)]
    done = subprocess.run(command, cwd=out, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    targets = subprocess.run(
        ["ninja", "-C", str(tmp_path), "-t", "targets", "all"], capture_output=True, text=True, check=True
    ).stdout
    programs = {line.split(":")[0].removeprefix("bin/") for line in targets.splitlines() if line.startswith("bin/0")}
    assert programs == {"00_readiness", lab.folder}


def test_the_tool_starts_in_a_handout_and_without_a_parser(hand_out: HandOut) -> None:
    out, _ = hand_out(ALL[:1])
    code = """import sys
from muxlab.cli import main
main(["--help"])
assert not [name for name in sys.modules if name.startswith(("tree_sitter", "muxlab.handout"))]
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(out / "tools"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "handout" in done.stdout
