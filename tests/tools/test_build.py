"""Building: when it has to configure, and what it shows of an error."""

from __future__ import annotations

import os
import shutil

from muxlab.build import first_error
from stage import Tree, write_script

COMPILER_OUTPUT = """[1/3] Building CXX object common/CMakeFiles/mux.dir/log.cpp.o
[2/3] Building CXX object common/CMakeFiles/mux.dir/socket.cpp.o
FAILED: common/CMakeFiles/mux.dir/socket.cpp.o
/usr/bin/c++ -Wall a very long command
common/socket.cpp: In member function 'void f()':
common/socket.cpp:9:3: error: 'x' was not declared in this scope
    9 |   x = 1;
      |   ^
common/socket.cpp:12:3: error: 'y' was not declared in this scope
ninja: build stopped: subcommand failed.
"""


def test_the_first_error_is_shown_and_no_other() -> None:
    shown = first_error(COMPILER_OUTPUT, "error:").splitlines()
    assert shown[0] == "common/socket.cpp:9:3: error: 'x' was not declared in this scope"
    assert len(shown) == 3


def test_output_without_an_error_shows_its_end() -> None:
    lines = [str(number) for number in range(100)]
    assert first_error("\n".join(lines), "error:").splitlines()[-1] == "99"


def test_a_failed_build_shows_the_error_and_says_how_to_see_all(tree: Tree) -> None:
    write_script(tree.root / "compiler", "echo 'labs/x.cpp:3:1: error: no semicolon'; exit 1")
    tree.write_cmake('add_custom_target(broken ALL COMMAND "${CMAKE_SOURCE_DIR}/compiler" VERBATIM)')
    done = tree.run("test")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert "labs/x.cpp:3:1: error: no semicolon" in lines
    assert lines[-1] == "muxlab: the build failed; to see all of it: cmake --build --preset dev"


def test_a_failed_configuration_is_told_and_tried_again(tree: Tree) -> None:
    tree.write_cmake('message(FATAL_ERROR "this machine is too small")')
    done = tree.run("test")
    assert done.returncode == 1
    assert "this machine is too small" in done.stderr
    assert done.stderr.splitlines()[-1] == ("muxlab: preparing build/dev failed; to see all of it: cmake --preset dev")
    tree.write_cmake()
    assert tree.run("run", "01", "--help").returncode == 0


def test_a_build_that_was_copied_with_its_project_is_made_anew(tree: Tree) -> None:
    assert tree.run("run", "01", "--help").returncode == 0
    copy = tree.root.with_name("a copy of it")
    shutil.copytree(tree.root, copy)
    shutil.rmtree(tree.root)
    tree.root = copy
    tree.write_cmake()
    done = tree.run("run", "01", "--help")
    assert done.returncode == 0, done.stderr
    assert f"CMAKE_HOME_DIRECTORY:INTERNAL={copy}" in (copy / "build/dev/CMakeCache.txt").read_text()


def test_new_presets_configure_anew(tree: Tree) -> None:
    tree.write_cmake('file(APPEND "${CMAKE_SOURCE_DIR}/configured" "once\\n")')
    tree.run("run", "01", "--help")
    later = (tree.root / "build/dev/build.ninja").stat().st_mtime + 1
    os.utime(tree.root / "CMakePresets.json", (later, later))
    tree.run("run", "01", "--help")
    assert (tree.root / "configured").read_text() == "once\nonce\n"
