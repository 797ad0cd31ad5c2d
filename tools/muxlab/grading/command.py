"""The command line that puts a program under test into its circumstances: limits, tracer, shim, environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_SANITIZER_EXITS = "exitcode=86"  # else it is 1, which a failed set-up has as well
_SANITIZERS = ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
_SHOWN = "32"  # bytes of each string in a trace
# A stack costs a millisecond, so only for what a failure tells.
_WITH_STACKS = (
    "execve,?select,pselect6,?poll,ppoll,?epoll_wait,epoll_pwait,?epoll_pwait2,epoll_ctl,accept,accept4,recvfrom,"
    "sendto,recvmsg,sendmsg,read,write,readv,writev,close,shutdown,socket,listen"
)


@dataclass(frozen=True)
class Circumstances:
    """How a server is to run, beside its options."""

    trace: Path | None = None
    stacks: bool = False
    """strace -k: a source line for each call, at a millisecond a call."""
    inject: tuple[str, ...] = ()
    gate: Path | None = None
    nofile: int | None = None
    free_below_1024: int | None = None
    stdin: str = "null"
    stdout: str = "pipe"
    stderr: str = "file"
    env: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Tools:
    """Where the shim and the starter are: build/PRESET/lib."""

    folder: Path

    @property
    def shim(self) -> Path:
        return self.folder / "libmuxshim.so"

    @property
    def starter(self) -> Path:
        return self.folder / "muxstart"

    def why_not(self) -> str:
        """Empty if they are built."""
        missing = [path.name for path in (self.starter, self.shim) if not path.exists()]
        how = "cmake --build --preset dev --target muxshim muxstart"
        return f"{' and '.join(missing)} not built: {how}" if missing else ""

    def command(self, program: Path, how: Circumstances) -> list[str]:
        """What goes before the program."""
        starter = str(self.starter)
        limits: list[str] = []
        if how.nofile is not None:
            limits += ["-n", str(how.nofile)]
        if how.free_below_1024 is not None:
            limits += ["-f", str(how.free_below_1024)]
        env = self._environment(program, how)
        command = [starter, "-p", str(os.getpid())]
        if how.trace is None:
            return [*command, *limits, *_each("-e", env), "--"]
        command += ["--", *_strace(how, how.trace), *_each("-E", env)]
        # strace itself must have descriptors, and its starting is none of the program's business.
        return [*command, starter, *limits, "--"] if limits else command

    def _environment(self, program: Path, how: Circumstances) -> dict[str, str]:
        env = dict(how.env or {})
        env |= sanitizer_options({**os.environ, **env})
        if how.trace is not None:
            env["ASAN_OPTIONS"] += ":detect_leaks=0"  # LeakSanitizer is a tracer itself, and there can be only one
        if how.gate is not None:
            env["MUXLAB_GATE"] = str(how.gate)
            env["LD_PRELOAD"] = ":".join([*_runtimes(program), str(self.shim)])
        return env


def sanitizer_options(env: Mapping[str, str]) -> dict[str, str]:
    """What the sanitizers are told: our wishes first, so that what `env` says already wins."""
    ours = dict.fromkeys(_SANITIZERS, _SANITIZER_EXITS)
    # Else it names the line of a standard header, and not who has called it. The others tell the stack anyway.
    ours["UBSAN_OPTIONS"] += ":print_stacktrace=1"
    return {name: ":".join(filter(None, [options, env.get(name, "")])) for name, options in ours.items()}


def sanitizers(program: Path) -> tuple[str, ...]:
    """'asan', 'tsan': gcc links their libraries, clang puts them into the program."""
    return _sanitizers(str(program), program.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _sanitizers(program: str, _: int) -> tuple[str, ...]:
    content = Path(program).read_bytes()
    return tuple(name for name in ("asan", "tsan") if f"__{name}_init".encode() in content)


def _runtimes(program: Path) -> tuple[str, ...]:
    """The libraries that insist on being loaded first: they come before the shim."""
    return _libraries(str(program), program.stat().st_mtime_ns) if sanitizers(program) else ()


@lru_cache(maxsize=64)
def _libraries(program: str, _: int) -> tuple[str, ...]:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, errors="replace").stdout
    words = [line.split() for line in listed.splitlines()]
    names = ("libasan.", "libtsan.")
    return tuple(parts[2] for parts in words if len(parts) > 2 and parts[0].startswith(names) and parts[2][0] == "/")


def _strace(how: Circumstances, output: Path) -> list[str]:
    # Without getsockopt: it is the shim that calls it, to learn what a descriptor is.
    calls = _WITH_STACKS if how.stacks else "!getsockopt"
    command = ["strace", "-D", "-f", "-yy", "-ttt", "-s", _SHOWN, "-e", f"trace={calls}"]
    if how.stacks:
        command += ["-k", "--seccomp-bpf"]
    for fault in how.inject:
        command += ["-e", f"inject={fault}"]
    return [*command, "-o", str(output)]


def _each(option: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]
