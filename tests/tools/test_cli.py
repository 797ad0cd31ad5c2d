"""What a user types, and what a user gets back; above all when something is wrong."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess

import pytest

from stage import BACKSTOP, Gate, Lifeline, Tree, await_line, clean_environment, end

LABS = "00_readiness, 01_select, 02_poll, 03_epoll_lt, 04_epoll_et, 05_cross_thread_wakeup"


COMMANDS: tuple[list[str], ...] = (
    [], ["run"], ["diff"], ["test"], ["compare"], ["trace"], ["serve"], ["grade"], ["hint"], ["bug"], ["handout"],
    ["bench"], ["doctor"], ["setup"],
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: "".join(command))
def test_every_command_explains_itself(tree: Tree, command: list[str]) -> None:
    done = tree.run(*command, "--help")
    assert done.returncode == 0
    assert f"Usage: {' '.join(['./muxlab', *command])}" in done.stdout
    assert done.stderr == ""


def test_a_lab_that_does_not_exist(tree: Tree) -> None:
    done = tree.run("run", "seven")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"muxlab: no lab is called 'seven': choose {LABS}\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["runn", "01"], "No such command 'runn'. Did you mean 'run'?: see ./muxlab --help"),
        (["run"], "Missing argument 'LAB': see ./muxlab run --help"),
        (["diff", "01"], "Missing argument 'LAB': see ./muxlab diff --help"),
        (["test", "--fast"], "No such option: --fast: see ./muxlab test --help"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(tree: Tree, arguments: list[str], line: str) -> None:
    done = tree.run(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"muxlab: {line}\n")


def test_a_preset_that_does_not_exist(tree: Tree) -> None:
    done = tree.run("run", "--preset", "fast", "01")
    assert (done.returncode, done.stderr) == (1, "muxlab: no preset is called 'fast': choose dev\n")


def test_run_builds_the_lab_and_becomes_it(tree: Tree) -> None:
    server = tree.start("run", "01", "--port", "0", "--prefix", "echo# ")
    try:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("listening on 127.0.0.1:")
        await_line(server, "ready, prefix 'echo# '")
        # The very process that was started: Ctrl-C and every other signal goes to the lab itself.
        server.send_signal(signal.SIGINT)
        assert server.wait(BACKSTOP) == 0
    finally:
        end(server)


def test_options_after_the_lab_are_the_labs_own(tree: Tree) -> None:
    done = tree.run("run", "01", "--help")
    assert done.returncode == 0
    assert "The options of the lab itself." in done.stdout


def test_a_port_in_use_is_told_in_the_servers_own_line(tree: Tree) -> None:
    tree.run("run", "01", "--help")  # so that only the server has something to say below
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = tree.run("run", "01", "--port", str(port))
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == f"01_select: bind 127.0.0.1:{port}: Address already in use"
    assert "Traceback" not in done.stderr


def test_labs_are_not_built_again_for_nothing(tree: Tree) -> None:
    tree.write_cmake('file(APPEND "${CMAKE_SOURCE_DIR}/configured" "once\\n")')
    for _ in range(2):
        assert tree.run("run", "01", "--help").returncode == 0
    assert (tree.root / "configured").read_text() == "once\n"


def test_no_cmake(tree: Tree) -> None:
    done = tree.run("run", "01", PATH="/nowhere")
    assert (done.returncode, done.stderr) == (
        1,
        "muxlab: cmake is not installed: ./muxlab setup installs what is missing\n",
    )


def test_a_compiler_that_is_not_there(tree: Tree) -> None:
    done = tree.run("run", "01", CXX="g++-99 -O3")
    assert done.returncode == 1
    assert done.stderr.startswith("muxlab: CXX names g++-99, which is not installed: unset CXX, or ./muxlab setup")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ending_a_build_ends_the_compilers_and_the_next_call_carries_on(
    tree: Tree, gate: Gate, how: signal.Signals
) -> None:
    lifeline = Lifeline(tree.root / "lifeline")
    compiler = f"exec 8>'{lifeline.path}'; echo here >&8; read -r _ <'{gate.path}'"
    tree.write_cmake(f"add_custom_target(slow ALL COMMAND sh -c [[{compiler}]] VERBATIM)")
    build = tree.start("test")
    try:
        assert lifeline.await_line() == "here"
        build.send_signal(how)  # to the tool alone: the compilers are its to end
        lifeline.await_end()
        _, said = build.communicate(timeout=BACKSTOP)
        assert build.returncode == 128 + how
        assert "Traceback" not in said
        assert said.splitlines()[-1] == "muxlab: interrupted; the next call carries on"
    finally:
        end(build)
    tree.write_cmake("add_test(NAME Echo.one COMMAND true)")
    assert tree.run("test").stdout.splitlines()[-1] == "1 passed, 0 failed"


def test_a_pipe_gets_no_colours_and_a_terminal_does(tree: Tree) -> None:
    for folder, name in (("01_select", "select_server"), ("02_poll", "poll_server")):
        tree.add_lab(folder, {f"{name}.hpp": "", f"{name}.cpp": f"{folder}\n"})
    assert "\x1b" not in tree.run("diff", "01", "02").stdout
    assert "\x1b[32m+02_poll" in on_a_terminal(tree, "diff", "01", "02")


def test_a_terminal_that_knows_no_arrows_is_no_error(tree: Tree) -> None:
    for folder, name in (("01_select", "select_server"), ("02_poll", "poll_server")):
        tree.add_lab(folder, {f"{name}.hpp": "", f"{name}.cpp": f"{folder} → {name}\n"})
    python, *rest = tree.command("diff", "01", "02")
    done = subprocess.run(
        [python, "-X", "utf8=0", *rest],  # ASCII, then: Python would make UTF-8 of this locale otherwise
        env=clean_environment(LC_ALL="C"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=BACKSTOP,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_has_seen_enough_is_no_error(tree: Tree) -> None:
    for folder, name in (("01_select", "select_server"), ("02_poll", "poll_server")):
        tree.add_lab(folder, {f"{name}.hpp": "", f"{name}.cpp": f"{folder} says a lot\n" * 20_000})
    diff = tree.start("diff", "01", "02")
    assert diff.stdout is not None
    assert diff.stderr is not None
    diff.stdout.readline()
    diff.stdout.close()
    assert diff.stderr.read() == ""
    assert diff.wait(BACKSTOP) in (1, 128 + signal.SIGPIPE)


def on_a_terminal(tree: Tree, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            tree.command(*arguments), env=clean_environment(TERM="xterm"), stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        shown = b""
        try:
            while chunk := screen.read(4096):
                shown += chunk
        except OSError:  # how Linux says that the last one has left a terminal
            pass
        assert process.wait(BACKSTOP) == 0
    return shown.decode()
