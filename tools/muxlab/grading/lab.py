"""What a graded test is given: the program under test, and random bytes that are the same in every run."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from types import TracebackType

from typing_extensions import TypedDict, Unpack

from muxlab.errors import MuxlabError
from muxlab.grading.command import Circumstances, Tools
from muxlab.grading.deadline import Deadlines
from muxlab.grading.faults import in_words
from muxlab.grading.gate import Gate
from muxlab.grading.instruments import InstrumentError
from muxlab.grading.launch import Ended, Launched
from muxlab.grading.running import Surroundings
from muxlab.grading.server import ServerUnderTest
from muxlab.grading.story import DOES_NOT_START, Failed, Story
from muxlab.grading.trace import TraceReader
from muxlab.proc import has_memory
from muxlab.sockets import Sockets

PLAIN = "server starts"


class Special(TypedDict, total=False):
    """What may be unusual about the circumstances that a server runs in."""

    nofile: int
    """The limit of open files, soft and hard."""
    free_below_1024: int
    """So many descriptor numbers below FD_SETSIZE are free, the highest ones."""
    stdin: str
    """'null'; 'readable': a pipe with bytes in it."""
    stdout: str
    """'pipe'; 'pty'."""
    stderr: str
    """'file'; 'unread': a small pipe that nobody reads; 'null'."""
    env: Mapping[str, str]


class LabUnderTest:
    """`with LabUnderTest(…) as lab: test(lab)`: leaving the block ends every server that the test has started."""

    def __init__(
        self,
        number: str,
        executable: Path,
        *,
        seed: int,
        tools: Tools,
        deadlines: Deadlines | None = None,
        retelling: bool = False,
        does_not_start: Sequence[str] = (),
    ) -> None:
        self.number = number
        self.executable = executable
        self.seed = seed
        self.rng = random.Random(f"{seed} {number}")
        self.story = Story()
        self._tools = tools
        self._around = Surroundings(self.story, Sockets(), deadlines or Deadlines())
        self._retelling = retelling
        """Every server is traced with its stacks: for the second run of a test that has failed, to tell it better."""
        self._does_not_start = tuple(does_not_start)
        """That is known, with these words: nothing is started any more."""
        self._servers: list[ServerUnderTest] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> LabUnderTest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        self._around.sockets.close()
        if self._folder is not None:
            self._folder.cleanup()
        if isinstance(error, Failed):
            self.story.attach(error)

    @property
    def deadlines(self) -> Deadlines:
        return self._around.deadlines

    def bytes(self, number: int) -> bytes:
        """So many, of any value, the same for the same seed."""
        return self.rng.randbytes(number)

    def check(self, text: str, ok: bool, actual: object = "") -> None:
        """A step that is not about a client: 'text' says what must hold."""
        with self.story.step(text):
            if not ok:
                raise Failed("it does not hold" if actual == "" else f"it is {actual}")

    def start(
        self,
        *options: str,
        trace: bool = False,
        inject: Sequence[str] = (),
        gate: bool = False,
        **special: Unpack[Special],
    ) -> ServerUnderTest:
        """A server that listens. `--port 0` is added; `inject` is strace's, without the word."""
        shim = Gate() if gate and not self._does_not_start else None
        traced = trace or bool(inject) or self._retelling
        how = Circumstances(
            trace=self._trace_path() if traced else None,
            stacks=self._retelling,
            inject=tuple(inject),
            gate=shim.path if shim else None,
            **special,
        )
        says = _says(options, how)
        with self.story.step(says) if says != PLAIN else nullcontext():
            if self._does_not_start:
                raise Failed(DOES_NOT_START, self._does_not_start)
            try:
                process = self._launched(options, how)
                process.__enter__()
            except MuxlabError as error:
                if shim is not None:
                    shim.close()
                raise Failed(DOES_NOT_START, _why_not_started(error, _port_in(options))) from None
            server = ServerUnderTest(process, self._around, shim, TraceReader(how.trace) if how.trace else None)
            self._servers.append(server)
            told, said = _port_in(options), process.address.port
            if told not in (0, said):
                raise Failed("it listens elsewhere", [f"it was told to listen on port {told}, and says {said}"])
        if shim is not None and not shim.is_loaded_by(server.pid) and has_memory(server.pid):
            raise InstrumentError("the program has not loaded the shim")
        return server

    def runs_to_its_end(self, *options: str, **special: Unpack[Special]) -> Ended:
        """For a program that is to fail, or to say something and end. If it serves, it gets SIGTERM.

        Here, too, `--port 0` is added unless the options name a port.
        """
        how = Circumstances(**special)
        with self.story.step(_says(options, how)):
            try:
                return self._launched(options, how).run_to_the_end()
            except MuxlabError as error:
                raise Failed("it cannot be started", [str(error)]) from None

    def _launched(self, options: Sequence[str], how: Circumstances) -> Launched:
        deadlines = self._around.deadlines
        return Launched(
            self.executable, options, how, self._tools, start_deadline=deadlines.start, stop_deadline=deadlines.stop
        )

    def _trace_path(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="muxlab-")
        return Path(self._folder.name) / f"trace-{len(self._servers)}"


def _port_in(options: Sequence[str]) -> int:
    """What --port says; 0 if it is not named, for that is what is added."""
    named = [int(value) for option, value in pairwise(options) if option == "--port" and value.isdigit()]
    return named[-1] if named else 0


def _why_not_started(error: MuxlabError, port: int) -> list[str]:
    lines = [str(error), *error.details.splitlines()]
    if port == 0 and "address already in use" in lines[0].lower():
        lines.append("--port 0 lets the kernel choose a port that is free: this server must have asked for another one")
    return lines


def _says(options: Sequence[str], how: Circumstances) -> str:
    """'server starts with --max-clients 2, at most 12 open files; the first accept fails: the client has gone …'."""
    parts = [" ".join(options)] if options else []
    if how.nofile is not None:
        parts.append(f"at most {how.nofile} open files")
    if how.free_below_1024 is not None:
        parts.append(f"{how.free_below_1024 or 'no'} free descriptors below 1024")
    if how.stdout == "pty":
        parts.append("a terminal as stdout")
    if how.stderr == "unread":
        parts.append("a stderr that nobody reads")
    said = PLAIN + (f" with {', '.join(parts)}" if parts else "")
    return "; ".join([said, *map(in_words, how.inject)])
