"""./muxlab on a machine that lacks something: it installs it, or says with which command to."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from stage import BACKSTOP, Machine


@pytest.fixture
def bare(machine: Machine) -> Machine:
    """No compiler and no strace; and without a compiler nobody knows of googletest, so its package is named too."""
    machine.remove("c++", "strace")
    return machine


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "apt-get update && apt-get install -y g++ libgtest-dev strace"),
        ("dnf", "dnf install -y gcc-c++ gtest-devel strace"),
        ("pacman", "pacman -S --needed --noconfirm gcc gtest strace"),
    ],
)
def test_a_user_who_cannot_become_root_gets_the_one_command_to_type(bare: Machine, manager: str, command: str) -> None:
    bare.stub(manager)
    done = bare.run("test")
    assert done.returncode == 3
    assert f"\n    {command}\n" in done.stderr
    assert "you need to be root" in done.stderr
    assert "missing here: a C++ compiler (g++ 12, clang++ 14 or newer), googletest, strace" in done.stderr
    assert not any(call.startswith(manager) for call in bare.calls())
    assert not (bare.root / ".venv").exists()


def test_on_fedora_even_root_gets_the_command(bare: Machine) -> None:
    bare.become_root()
    bare.stub("dnf")
    done = bare.run()
    assert done.returncode == 3
    assert "\n    dnf install -y gcc-c++ gtest-devel strace\n" in done.stderr


def test_without_a_package_manager_it_says_what_is_missing(bare: Machine) -> None:
    done = bare.run()
    assert done.returncode == 3
    assert "missing here: a C++ compiler" in done.stderr
    assert "install these your own way" in done.stderr


def test_root_on_debian_gets_it_installed(bare: Machine) -> None:
    bare.become_root()
    bare.apt_can_install("c++", "strace")
    done = bare.run("run", "01")
    assert "installing with apt-get: g++ libgtest-dev strace" in done.stderr
    assert done.stdout.startswith("the tool, with: -I -m muxlab run 01\n")
    package_calls = [call for call in bare.calls() if call.startswith(("dpkg", "apt-get"))]
    assert package_calls[:2] == ["dpkg --configure -a", "apt-get update -qq"]
    assert package_calls[2].startswith("apt-get install -y")
    assert package_calls[2].endswith("g++ libgtest-dev strace")


def test_a_package_list_that_cannot_be_fetched_does_not_stop_it(bare: Machine) -> None:
    bare.become_root()
    bare.apt_can_install("c++", "strace")
    bare.stub("apt-get", f"[ \"$1\" = install ] || exit 100; cp '{bare.shelf}'/* '{bare.bin}'")
    done = bare.run()
    assert done.returncode == 0
    assert "apt-get update failed" in done.stderr


def test_an_installation_that_fails_ends_in_the_command(bare: Machine) -> None:
    bare.become_root()
    bare.stub("dpkg")
    bare.stub("apt-get", "exit 100")
    done = bare.run()
    assert done.returncode == 3
    assert "\n    apt-get update && apt-get install -y g++ libgtest-dev strace\n" in done.stderr


def test_packages_that_change_nothing_do_not_make_it_go_round_in_circles(bare: Machine) -> None:
    bare.become_root()
    bare.apt_can_install("c++")
    done = bare.run()
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "muxlab: still missing after the installation: strace"


def test_sudo_without_a_password_is_used_without_a_terminal(bare: Machine) -> None:
    bare.apt_can_install("c++", "strace")
    bare.stub("sudo", '[ "$1" = -n ] && shift; exec "$@"')
    done = bare.run("test")
    assert "installing with apt-get through sudo: g++ libgtest-dev strace" in done.stderr
    assert done.stdout.startswith("the tool")


def test_sudo_that_wants_a_password_is_not_asked_without_a_terminal(bare: Machine) -> None:
    bare.apt_can_install("c++", "strace")
    bare.stub("sudo", "echo a password is required >&2; exit 1")
    done = bare.run("test")
    assert done.returncode == 3
    assert "\n    sudo apt-get update && sudo apt-get install -y g++ libgtest-dev strace\n" in done.stderr
    assert "a password is required" not in done.stderr
    assert "sudo -n true" in bare.calls()
    assert not any(call.startswith("apt-get") for call in bare.calls())


def test_on_a_terminal_it_says_what_it_installs_before_sudo_asks(bare: Machine) -> None:
    bare.apt_can_install("c++", "strace")
    bare.stub("sudo", 'echo "[sudo] password for you:"; exec "$@"')
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [bare.root / "muxlab", "--help"], env=bare.environment(), stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        shown = b""
        try:
            while chunk := screen.read(4096):
                shown += chunk
        except OSError:  # how Linux says that the last one has left a terminal
            pass
        assert process.wait(BACKSTOP) == 0
    text = shown.decode()
    assert text.index("installing with apt-get through sudo:") < text.index("[sudo] password for you:")
    assert "the tool, with: -I -m muxlab --help" in text


def test_ubuntu_22_04_gets_gcc_12_and_every_start_uses_it(machine: Machine) -> None:
    (machine.folder / "os-release").write_text('VERSION_CODENAME="jammy"\nUBUNTU_CODENAME=jammy\n')
    machine.become_root()
    for name in ("c++", "g++"):
        machine.stub(name, "exit 1")  # g++ 11: it refuses the test program
    machine.apt_can_install("g++-12")
    done = machine.run()
    assert "installing with apt-get: g++-12 libgtest-dev" in done.stderr
    assert done.stdout.splitlines()[1] == "CXX=g++-12"
    assert machine.run().stdout.splitlines()[1] == "CXX=g++-12"
    assert machine.run(CXX="clang++").stdout.splitlines()[1] == "CXX=clang++"


def test_a_compiler_named_in_cxx_that_is_too_old_is_refused_by_name(machine: Machine) -> None:
    machine.stub("g++-9", "exit 1")
    done = machine.run(CXX="g++-9")
    assert done.returncode == 3
    assert "CXX is 'g++-9'" in done.stderr


def test_an_old_cmake_counts_as_missing(machine: Machine) -> None:
    machine.stub("cmake", "echo cmake version 3.18.4")
    machine.stub("apt-get")
    done = machine.run()
    assert done.returncode == 3
    assert "missing here: cmake (3.22 or newer)\n" in done.stderr


def test_a_python_without_venv_counts_as_missing(machine: Machine) -> None:
    machine.stub("python3", "exit 1")  # what importing ensurepip ends in
    machine.stub("apt-get")
    done = machine.run()
    assert done.returncode == 3
    assert "\n    apt-get update && apt-get install -y python3 python3-venv\n" in done.stderr


def test_doctor_starts_on_a_machine_without_a_compiler(bare: Machine) -> None:
    bare.stub("apt-get")
    done = bare.run("doctor")
    assert done.stdout.startswith("the tool, with: -I -m muxlab doctor\n")
    assert bare.run("test").returncode == 3, "what doctor let pass has not been checked"


def test_setup_looks_again(machine: Machine) -> None:
    machine.run()
    machine.remove("strace")
    assert machine.run("test").returncode == 0, "an ordinary start trusts the first look"
    machine.become_root()
    machine.apt_can_install("strace")
    done = machine.run("setup")
    assert "installing with apt-get: strace" in done.stderr
    assert done.stdout.startswith("the tool, with: -I -m muxlab setup\n")


def test_another_system_than_linux_is_told_so(machine: Machine) -> None:
    machine.stub("uname", "echo Darwin")
    done = machine.run()
    assert done.returncode == 3
    assert "use Linux, WSL 2, or a Linux container" in done.stderr
