"""Server: starts, tells where it listens, ends; and says in one line what went wrong."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from muxlab.errors import MuxlabError
from muxlab.process import Address, Server, parse_first_line
from muxlab.project import SERVERS, Lab
from stage import BACKSTOP, REPOSITORY, write_script


def strace_works() -> bool:
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


needs_strace = pytest.mark.skipif(not strace_works(), reason="no strace here, or it may not trace")


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("listening on 127.0.0.1:43121\n", Address("127.0.0.1", 43121)),
        ("listening on [::1]:8080", Address("::1", 8080)),
        ("listening on 127.0.0.1", None),
        ("listening on ::1:8080", None),
        ("Listening on 127.0.0.1:1", None),
        ("listening on 127.0.0.1:1 now", None),
        ("", None),
    ],
)
def test_the_first_line(line: str, address: Address | None) -> None:
    assert parse_first_line(line) == address
    if address:
        assert str(address) in line


def test_a_server_is_started_and_ended(fake_server: Path) -> None:
    with Server(fake_server) as server:
        with socket.create_connection(server.address, BACKSTOP):
            pass
        assert Path(f"/proc/{server.pid}").exists()
        assert server.stop() == 0
        assert not Path(f"/proc/{server.pid}").exists()
    assert not server.killed


def test_ipv6(fake_server: Path) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with Server(fake_server, ["--host", "::1"]) as server:
        assert server.address.host == "::1"
        with socket.create_connection(server.address, BACKSTOP):
            pass


def test_leaving_the_block_ends_it_even_with_an_error(fake_server: Path) -> None:
    server = Server(fake_server)
    with pytest.raises(ZeroDivisionError), server:
        raise ZeroDivisionError
    assert not Path(f"/proc/{server.pid}").exists()


def test_what_it_says_on_stderr_is_kept(fake_server: Path, tmp_path: Path) -> None:
    for stderr in (None, tmp_path / "server.log"):
        with Server(fake_server, ["--prefix", "a b"], stderr=stderr) as server:
            server.stop()
            assert server.stderr_text() == "ready, prefix 'a b'\n"


def test_stderr_can_be_a_pipe(fake_server: Path) -> None:
    with Server(fake_server, stderr=subprocess.PIPE) as server:
        assert server.stderr is not None
        assert server.stderr.readline() == b"ready, prefix ''\n"


def test_a_port_in_use(fake_server: Path) -> None:
    with Server(fake_server) as first:
        port = str(first.address.port)
        with pytest.raises(MuxlabError) as caught, Server(fake_server, ["--port", port]):
            pass
    assert str(caught.value) == (
        f"fake_server did not start (exit code 1): 01_select: bind 127.0.0.1:{port}: Address already in use"
    )


def test_a_crash_before_it_listens_is_told_by_the_signals_name(fake_server: Path) -> None:
    with (
        pytest.raises(MuxlabError, match=r"did not start \(SIGSEGV\): about to crash"),
        Server(fake_server, ["--mode", "crashing"]),
    ):
        pass


def test_a_server_that_says_something_else_first(fake_server: Path) -> None:
    with (
        pytest.raises(MuxlabError, match="and said 'hello, I am a server'"),
        Server(fake_server, ["--mode", "babbling"]),
    ):
        pass


def test_a_server_that_says_nothing_is_given_up_and_ended(fake_server: Path) -> None:
    server = Server(fake_server, ["--mode", "mute"], start_deadline=0.01)
    with pytest.raises(MuxlabError, match=r"did not say 'listening on HOST:PORT' in 0.01 s"), server:
        pass


def test_a_server_that_ignores_sigterm_is_killed(fake_server: Path) -> None:
    with Server(fake_server, ["--mode", "stubborn"], stop_deadline=0.01) as server:
        assert server.stop() == -signal.SIGKILL
        assert server.killed


@pytest.mark.parametrize("text", ["nowhere", "plain.txt"])
def test_a_program_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "plain.txt").write_text("no program")
    with pytest.raises(MuxlabError, match=f"{text}"):
        Server(tmp_path / text)


def test_variables_are_for_the_program_alone(tmp_path: Path, fake_server: Path) -> None:
    program = write_script(tmp_path / "p", f'echo "program: $TINT" >&2; exec \'{fake_server}\' "$@"')
    wrapper = write_script(tmp_path / "w", 'echo "wrapper: $TINT" >&2; exec "$@"')
    with Server(program, env={"TINT": "blue"}, prefix=[str(wrapper)]) as server:
        server.stop()
        assert server.stderr_text().splitlines()[:2] == ["wrapper: ", "program: blue"]


def test_no_strace(fake_server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    server = Server(fake_server, prefix=["strace", "-D", "-o", "trace"])
    with pytest.raises(MuxlabError, match=r"^strace is not installed: ./muxlab setup"), server:
        pass


@needs_strace
@pytest.mark.parametrize("flags", [["-D", "-f"], ["-f"]])
def test_a_traced_server_is_ended_itself_and_its_trace_is_complete(
    fake_server: Path, tmp_path: Path, flags: list[str]
) -> None:
    trace = tmp_path / "trace"
    with Server(fake_server, prefix=["strace", *flags, "-e", "trace=listen", "-o", str(trace)]) as server:
        assert "strace" not in Path(f"/proc/{server.pid}/exe").resolve().name
        assert server.stop() == 0
        assert not server.killed
    lines = trace.read_text().splitlines()
    assert any("listen(" in line for line in lines)
    assert lines[-1].endswith("+++ exited with 0 +++")


def test_a_server_does_not_outlive_a_tool_that_is_killed(fake_server: Path) -> None:
    reading, writing = os.pipe()  # the server's stderr: at its end when the server is gone
    start = f"""import os, signal, sys
sys.path.insert(0, {str(REPOSITORY / "tools")!r})
from pathlib import Path
from muxlab.process import Server
with Server(Path({str(fake_server)!r}), stderr={writing}) as server:
    os.kill(os.getpid(), signal.SIGKILL)"""
    tool = subprocess.Popen([sys.executable, "-I", "-c", start], pass_fds=[writing])
    os.close(writing)
    assert tool.wait(BACKSTOP) == -signal.SIGKILL
    poller = select.poll()
    poller.register(reading, select.POLLIN)
    with os.fdopen(reading, "rb", buffering=0) as stderr:
        while True:
            assert poller.poll(BACKSTOP * 1000), "the server is still there"
            if not stderr.read(4096):
                break


@pytest.mark.parametrize("lab", SERVERS, ids=lambda lab: lab.folder)
def test_the_labs_keep_the_contract_of_start_and_end(lab: Lab) -> None:
    """The real ones. CTest says where they are; started by hand, it is the dev build."""
    programs = Path(os.environ.get("MUXLAB_BIN", REPOSITORY / "build/dev/bin"))
    if not (programs / lab.folder).exists():
        pytest.skip(f"{lab.folder} is not built in {programs}")
    with Server(programs / lab.folder) as server:
        with pytest.raises(MuxlabError) as caught, Server(programs / lab.folder, ["--port", str(server.address.port)]):
            pass
        assert "exit code 1" in str(caught.value)
        assert str(caught.value).endswith(f"bind {server.address}: Address already in use")
        assert server.stop() == 0
