"""./muxlab on a machine that has everything: the first start, the later ones, and interruptions."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from stage import BACKSTOP, Gate, Machine, await_line, end


def pip_calls(machine: Machine) -> list[str]:
    return [call for call in machine.calls() if "pip install" in call]


def test_first_start_makes_the_environment_and_hands_over(machine: Machine) -> None:
    done = machine.run("diff", "01", "02")
    assert done.stdout.startswith("the tool, with: -I -m muxlab diff 01 02\n")
    assert done.returncode == 0
    assert "making .venv" in done.stderr
    assert len(pip_calls(machine)) == 1
    assert (machine.root / ".venv/lib/python3.11/site-packages/muxlab.pth").read_text() == "../../../../tools\n"


def test_later_starts_ask_nothing_and_say_nothing(machine: Machine) -> None:
    machine.run("--help")
    machine.forget_calls()
    done = machine.run("--help")
    assert done.stderr == ""
    assert machine.calls() == ["venv-python -I -m muxlab --help"]


def test_arguments_arrive_as_they_were_typed(machine: Machine) -> None:
    machine.run()
    done = machine.run("run", "01", "--prefix", "two  words *")
    assert done.stdout.splitlines()[0] == "the tool, with: -I -m muxlab run 01 --prefix two  words *"


def test_it_starts_through_a_symbolic_link_from_another_folder(machine: Machine, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "mux link"
    link.parent.mkdir()
    link.symlink_to(machine.root / "muxlab")
    done = machine.run("doctor", command=str(link), cwd=tmp_path / "elsewhere")
    assert done.stdout.startswith("the tool, with: -I -m muxlab doctor\n")
    assert (machine.root / ".venv").is_dir()


@pytest.mark.parametrize("command", [["./muxlab"], ["sh", "muxlab"]])
def test_it_starts_with_a_relative_path(machine: Machine, command: list[str]) -> None:
    done = machine.run(*command[1:], command=command[0], cwd=machine.root)
    assert done.stdout.startswith("the tool, with: -I -m muxlab")


def test_new_requirements_make_the_environment_anew(machine: Machine) -> None:
    machine.run()
    (machine.root / "requirements.txt").write_text("typer==2.0\n")
    assert "making .venv" in machine.run().stderr
    assert len(pip_calls(machine)) == 2


def test_an_environment_whose_python_is_gone_is_made_anew(machine: Machine) -> None:
    machine.run()
    (machine.root / ".venv/bin/python").unlink()
    assert machine.run().stdout.startswith("the tool")


def test_ctrl_c_while_packages_are_installed_then_carry_on(machine: Machine, gate: Gate) -> None:
    machine.pip_does(f"echo pip is at work >&2; read -r _ <'{gate.path}'")
    first = machine.start()
    try:
        await_line(first, "pip is at work")
        os.killpg(first.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
        _, said = first.communicate(timeout=BACKSTOP)
        assert first.returncode == 130
        assert said == "muxlab: interrupted; the next call carries on\n"
    finally:
        end(first)
    machine.pip_does(":")
    done = machine.run("--help")
    assert done.stdout.startswith("the tool, with: -I -m muxlab --help\n")


def test_a_launcher_that_was_killed_leaves_nothing_locked(machine: Machine, gate: Gate) -> None:
    machine.pip_does(f"echo pip is at work >&2; read -r _ <'{gate.path}'")
    first = machine.start()
    await_line(first, "pip is at work")
    end(first)
    machine.pip_does(":")
    done = machine.run()
    assert done.stdout.startswith("the tool")
    assert "waiting" not in done.stderr


def test_two_first_starts_at_once_install_once(machine: Machine, gate: Gate) -> None:
    machine.pip_does(f"echo pip is at work >&2; read -r _ <'{gate.path}'")
    first = machine.start("run", "01")
    second: subprocess.Popen[str] | None = None
    try:
        await_line(first, "pip is at work")
        second = machine.start("run", "02")
        await_line(second, "waiting for it")
        gate.open()
        assert first.communicate(timeout=BACKSTOP)[0].startswith("the tool, with: -I -m muxlab run 01\n")
        assert second.communicate(timeout=BACKSTOP)[0].startswith("the tool, with: -I -m muxlab run 02\n")
        assert len(pip_calls(machine)) == 1
    finally:
        end(first)
        if second:
            end(second)


def test_packages_that_cannot_be_installed_end_it_and_the_next_start_tries_again(machine: Machine) -> None:
    machine.pip_does("echo no route to the package index >&2; exit 1")
    done = machine.run()
    assert done.returncode == 3
    assert "no route to the package index" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("muxlab: the Python packages could not be installed")
    machine.pip_does(":")
    assert machine.run().returncode == 0
