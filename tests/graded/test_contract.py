"""What every program promises to whoever starts it: options, exit codes, the one line that says what is wrong."""

from __future__ import annotations

import socket

from muxlab.grading import Instrument, LabUnderTest, graded

ALL = ("01", "02", "03", "04", "05")
BAD_OPTIONS = (
    ("--port", "abc"),
    ("--port", "70000"),
    ("--port", "-1"),
    ("--port", "80 80"),
    ("--port",),
    ("--max-clients", "many"),
    ("--log", "loudly"),
    ("--host", "not an address"),
    ("--no-such-option",),
)


def expects_failure(lab: LabUnderTest, code: int, *options: str) -> None:
    """One line on stderr, nothing on stdout."""
    ended = lab.runs_to_its_end(*options)
    lab.check(f"it ends with exit code {code}", ended.signal is None and ended.code == code, ended.how)
    lines = ended.stderr.splitlines()
    lab.check("it says why, in one line on stderr", len(lines) == 1, f"{len(lines)} lines: {ended.stderr[:60]!r}")
    lab.check("it says nothing on stdout", ended.stdout == "", repr(ended.stdout[:60]))


@graded(title="a bad option or value: one line on stderr, exit code 2", points=dict.fromkeys(ALL, 1))
def test_bad_option(lab: LabUnderTest) -> None:
    for options in BAD_OPTIONS:
        expects_failure(lab, 2, *options)


@graded(title="--help explains the options on stdout, exit code 0", points=dict.fromkeys(ALL, 1))
def test_help(lab: LabUnderTest) -> None:
    ended = lab.runs_to_its_end("--help")
    lab.check("it ends with exit code 0", ended.code == 0, ended.how)
    for option in ("--host", "--port", "--max-clients", "--prefix", "--log"):
        lab.check(f"it explains {option}", option in ended.stdout)


@graded(title="a port that is taken: one line on stderr, exit code 1", points=dict.fromkeys(ALL, 1))
def test_port_taken(lab: LabUnderTest) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        expects_failure(lab, 1, "--port", str(other.getsockname()[1]))


@graded(title="--prefix puts its text before each chunk", points=dict.fromkeys(ALL, 1))
def test_prefix(lab: LabUnderTest) -> None:
    server = lab.start("--prefix", "echo# ")
    a = server.client("A")
    a.sends(b"hello\n")
    a.expects(b"echo# hello\n")
    a.sends(b"\0\xff")
    a.expects(b"echo# \0\xff")
    a.half_closes()
    a.expects_end()


@graded(title="--host says which address it listens on", points=dict.fromkeys(ALL, 1))
def test_host(lab: LabUnderTest) -> None:
    server = lab.start("--host", "127.0.0.2")
    lab.check("it says that it listens on 127.0.0.2", server.address.host == "127.0.0.2", server.address)
    server.client("A").pings()


@graded(
    title="it serves IPv6 as well, and writes the address in brackets",
    points=dict.fromkeys(ALL, 1),
    needs=[Instrument.IPV6],
)
def test_ipv6(lab: LabUnderTest) -> None:
    server = lab.start("--host", "::1")
    lab.check("it says that it listens on [::1]", server.address.host == "::1", server.address)
    server.client("A").pings()
