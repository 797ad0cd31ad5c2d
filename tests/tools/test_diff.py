"""The lesson diff: what it shows, and what it counts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from muxlab.diff import FileDiff, compare_files, rows
from stage import Tree

BEFORE = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\n"


def two_files(folder: Path, before: str, after: str) -> FileDiff:
    (folder / "before").write_text(before)
    (folder / "after").write_text(after)
    return compare_files(folder, folder / "before", folder / "after")


def marked_by_diff(diff: FileDiff) -> int:
    done = subprocess.run(["diff", diff.before, diff.after], capture_output=True, text=True, check=False)
    return sum(line.startswith(("<", ">")) for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        "",
        "zero\n" + BEFORE,
        BEFORE + "twelve\n",
        BEFORE.replace("two", "2").replace("eleven", "11"),
        BEFORE.replace("one\n", "").replace("six\n", "").replace("eleven\n", ""),
        BEFORE.replace("four\n", "4\n4a\n4b\n").replace("ten\n", "-- ten\n++ ten\n"),
        BEFORE.removesuffix("\n"),
        "something\nelse\naltogether\n",
    ],
)
def test_counts_and_columns_agree_with_diff(tmp_path: Path, after: str) -> None:
    diff = two_files(tmp_path, BEFORE, after)
    assert diff.changed == marked_by_diff(diff)
    # Side by side, each column is its whole file, in order.
    both = list(rows(diff))
    assert [left for left, mark, _ in both if mark != ">"] == BEFORE.splitlines()
    assert [right for _, mark, right in both if mark != "<"] == after.splitlines()
    assert sum({" ": 0, "|": 2, "<": 1, ">": 1}[mark] for _, mark, _ in both) == diff.changed


def fill(tree: Tree) -> None:
    tree.add_lab("04_epoll_et", {"epoll_server.hpp": "class A;\n", "epoll_server.cpp": "one\ntwo\nthree\n"})
    tree.add_lab("05_cross_thread_wakeup", {"loop_server.hpp": "class B;\n", "loop_server.cpp": "one\n2\nthree\n4\n"})


def test_header_then_source_then_the_count(tree: Tree) -> None:
    fill(tree)
    done = tree.run("diff", "04", "5")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "--- labs/04_epoll_et/epoll_server.hpp",
        "+++ labs/05_cross_thread_wakeup/loop_server.hpp",
        "@@ -1 +1 @@",
        "-class A;",
        "+class B;",
        "--- labs/04_epoll_et/epoll_server.cpp",
        "+++ labs/05_cross_thread_wakeup/loop_server.cpp",
        "@@ -1,3 +1,4 @@",
        " one",
        "-two",
        "+2",
        " three",
        "+4",
        "changed lines: epoll_server.hpp → loop_server.hpp 2, epoll_server.cpp → loop_server.cpp 3",
    ]


def test_side_by_side(tree: Tree) -> None:
    fill(tree)
    done = tree.run("diff", "-y", "04", "05", COLUMNS="60")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["two", "|", "2"] in lines
    assert ["three", "three"] in lines
    assert [">", "4"] in lines
    assert max(map(len, done.stdout.splitlines()[:-1])) <= 60


def test_a_file_that_is_missing(tree: Tree) -> None:
    tree.add_lab("01_select", {"select_server.hpp": ""})
    tree.add_lab("02_poll", {"poll_server.cpp": ""})
    done = tree.run("diff", "01", "02")
    name = "labs/02_poll/poll_server.hpp"
    assert (done.returncode, done.stderr) == (1, f"muxlab: {name} is missing: git restore {name} brings it back\n")


def test_a_lab_that_a_student_repository_lacks(tree: Tree) -> None:
    done = tree.run("diff", "01", "02")
    assert (done.returncode, done.stderr) == (1, "muxlab: lab 02_poll is not in this repository\n")


def test_two_servers_of_one_lab_do_not_differ(tree: Tree) -> None:
    fill(tree)
    done = tree.run("diff", "04", "04")
    assert (
        done.stdout == "changed lines: epoll_server.hpp → epoll_server.hpp 0, epoll_server.cpp → epoll_server.cpp 0\n"
    )
