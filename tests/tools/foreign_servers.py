"""Echo servers that nobody wrote for this kit: on which machinery each runs, and where it breaks the contract, and why.

They are in foreign/. contract.h and contract.py give them the options and the first line, and leave the serving alone.
socat and ncat are the distribution's programs: a script starts each, refuses the options that it does not have, and
makes the contract's first line of what it says when it listens.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stage import REPOSITORY, write_script

SOURCES = REPOSITORY / "tests" / "tools" / "foreign"
COMPILERS = {".c": ("cc", "-std=gnu11"), ".cpp": ("c++", "-std=c++20", "-pthread", "-DASIO_STANDALONE")}
FLAGS = ("-O1", "-g", "-Wall", "-Wextra", "-Wno-unused-function", "-Werror")


@dataclass(frozen=True)
class Foreign:
    file: str
    header: str = ""
    """Of the library that it is made with; it is left out where that is not found."""
    library: tuple[str, ...] = ()
    needs: str = ""
    """The program that it needs."""
    package: str = ""
    """Debian's, with the header or the program in it."""
    fails: Mapping[str, str] = field(default_factory=dict)
    """Graded tests that it fails, each with the reason."""
    may_fail: Mapping[str, str] = field(default_factory=dict)
    """The same, for what depends on who is faster."""

    @property
    def name(self) -> str:
        return self.file.partition(".")[0]


NO_BUDGET = "its library accepts until nobody waits: those who are there wait as long as others come"
UV_ACCEPT = "libuv has no way to stop accepting for a while: after ENOMEM it tries again at once, and for ever"
UV_ABORTS = "libuv calls abort() when epoll_ctl fails"
NO_OPTION = "it does not know the option"
OWN_EXIT = "a signal ends it with another exit code than 0"
BLOCKS = "it writes to its own pipes with blocking calls: when all of them are full, it waits for itself"
DROPS = "at the end of its input it closes, though the child has not written all it had"
FEW = "ten may wait to be accepted, and it starts a process before it accepts the next"
LATE = "the cat that it runs has the connection open, too, and ends a moment after its parent"

FAST = (
    Foreign("asyncio_streams.py"),
    Foreign("blocking_threads.cpp"),
)
"""Two that every machine can build, and that have little in common."""

OTHERS = (
    Foreign("fork_per_client.c"),
    Foreign(
        "selectors_loop.py",
        fails={"interest-list-full": "register() fails, and nothing in it reckons with that: it ends"},
    ),
    Foreign(
        "socketserver_threads.py",
        fails={
            "out-of-descriptors": "socketserver ignores that accept fails, and the listener is always ready: it spins",
            "waiting-for-a-descriptor": "the same",
            "out-of-memory": "the same",
            "idle": "serve_forever() looks every half second whether it is to stop",
            "signal-before-the-wait": "Python's handler runs only when the wait is over: half a second later",
        },
    ),
    Foreign(
        "libuv_tcp.c",
        header="uv.h",
        library=("-luv",),
        package="libuv1-dev",
        fails={"storm-of-connects": NO_BUDGET, "out-of-memory": UV_ACCEPT, "interest-list-full": UV_ABORTS},
    ),
    Foreign(
        "node_pipe.js",
        needs="node",
        package="nodejs",
        fails={"out-of-memory": UV_ACCEPT, "interest-list-full": UV_ABORTS},
    ),
    Foreign(
        "libevent_bufferevent.c",
        header="event2/listener.h",
        library=("-levent",),
        package="libevent-dev",
        fails={"storm-of-connects": NO_BUDGET},
    ),
    Foreign(
        "libev_io.c",
        header="ev.h",
        library=("-lev",),
        package="libev-dev",
        fails={"idle": "libev wakes once a minute to see whether somebody has set the clock"},
    ),
    Foreign(
        "asio_coroutines.cpp",
        header="asio.hpp",
        package="libasio-dev",
        fails={
            "short-writes": "not its fault: it is edge-triggered, and takes a short write for a full kernel, as it may;"
            " for the same reason the test is not graded in lab 04"
        },
    ),
    Foreign(
        "socat.py",
        needs="socat",
        package="socat",
        fails={
            "max-clients": NO_OPTION,
            "prefix": NO_OPTION,
            "unread-log": NO_OPTION,
            "help": NO_OPTION,
            "bad-option": "it does not say in one line, and with exit code 2, that its address is wrong",
            "port-taken": "it says in two lines what is wrong",
            "gone-before-accept": OWN_EXIT,
            "signal-before-the-wait": OWN_EXIT,
            "sigterm": OWN_EXIT,
            "sigint": OWN_EXIT,
            "out-of-memory": "it ends when accept fails",
        },
        may_fail=dict.fromkeys(("small-buffers", "far-behind", "reading-resumes", "late-reader"), BLOCKS),
    ),
    Foreign(
        "ncat.py",
        needs="ncat",
        package="ncat",
        fails={
            "max-clients": NO_OPTION,
            "prefix": NO_OPTION,
            "unread-log": NO_OPTION,
            "help": NO_OPTION,
            "bad-option": "it does not say in one line, and with exit code 2, that its address is wrong",
            "port-taken": "it ends with exit code 2",
            "gone-before-accept": OWN_EXIT,
            "signal-before-the-wait": OWN_EXIT,
            "sigterm": OWN_EXIT,
            "sigint": OWN_EXIT,
            "out-of-memory": "it tries to accept again at once, and for ever",
            "short-writes": "it does not look how much send has taken",
            "gone-before-recv": "it takes EAGAIN for the end of the client",
        },
        may_fail={
            **dict.fromkeys(("half-close", "end-with-data", "last-words"), DROPS),
            **dict.fromkeys(
                ("far-behind", "small-buffers", "long-request", "reading-resumes", "late-reader", "memory-is-bounded"),
                BLOCKS,
            ),
            **dict.fromkeys(("end-of-input", "flush-before-closing", "no-descriptor-is-lost"), LATE),
            **dict.fromkeys(("connect-while-others-talk", "many-ready-at-once", "storm-of-connects"), FEW),
        },
    ),
)


def install(server: Foreign, folder: Path) -> Path:
    """The program, ready to be started; skips where what it needs is not here."""
    source = SOURCES / server.file
    if server.needs and not shutil.which(server.needs):
        pytest.skip(f"{server.needs} is not installed (Debian: {server.package})")
    if source.suffix in COMPILERS:
        return compiled(source, folder / server.name, server)
    interpreter = server.needs if source.suffix == ".js" else sys.executable
    # By way of sh, because #! takes no interpreter with a space in its path.
    return write_script(folder / server.name, f'exec {shlex.quote(interpreter)} {shlex.quote(str(source))} "$@"')


def compiled(source: Path, program: Path, server: Foreign) -> Path:
    standard, *options = COMPILERS[source.suffix]
    compiler = os.environ.get("CXX", standard) if source.suffix == ".cpp" else os.environ.get("CC", standard)
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    if server.header and not is_there(server.header, compiler, source.suffix):
        pytest.skip(f"{server.header} was not found (Debian: {server.package})")
    command = [compiler, *options, *FLAGS, str(source), "-o", str(program), *server.library]
    subprocess.run(command, check=True)
    return program


def is_there(header: str, compiler: str, suffix: str) -> bool:
    language = "c++" if suffix == ".cpp" else "c"
    command = [compiler, "-E", "-x", language, "-DASIO_STANDALONE", "-o", os.devnull, "-"]
    return subprocess.run(command, input=f"#include <{header}>\n", text=True, stderr=subprocess.DEVNULL).returncode == 0
