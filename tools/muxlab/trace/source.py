"""From the call stacks of strace -k to functions, files and lines, inlined functions too: addr2line, once a binary."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from muxlab.trace.elf import Elf, read_elf
from muxlab.trace.model import Frame

# ' > /path/of/program(mangled or not+0x1f) [0x2b3c]'; without a name ' > /path/of/program() [0x2b3c]', or
# ' > /path/of/program [0x2b3c]'
_FRAME = re.compile(r"(?P<file>/.*?)(?:\((?:.*\+0x[0-9a-f]+)?\))? \[0x(?P<offset>[0-9a-f]+)\]$")
_SYSTEM = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/usr/libexec/", "/nix/store/")
_NOT_OURS = ("/usr/include/", "/usr/lib/", "/usr/local/include/")
LARGEST_SOURCE = 400_000  # bytes: a file that is larger is generated


class Sources:
    """Turns stacks into frames. All addresses are looked up at once, when the first is asked for."""

    def __init__(self, stacks: Iterable[Sequence[str]], root: Path) -> None:
        self._root = root
        self._wanted: dict[str, set[int]] = {}
        for line in {line for stack in stacks for line in stack}:
            if found := _FRAME.match(line):
                self._wanted.setdefault(found["file"], set()).add(int(found["offset"], 16))
        self._known: dict[tuple[str, int], tuple[Frame, ...]] = {}
        self.files: set[Path] = set()
        for binary, offsets in self._wanted.items():
            if not binary.startswith(_SYSTEM):
                self._look_up(binary, sorted(offsets))

    def resolve(self, stack: Sequence[str]) -> tuple[tuple[Frame, ...], int]:
        """The frames of our own code, and how many are left out: those of the system, and those without lines."""
        frames: list[Frame] = []
        left_out = 0
        for line in stack:
            found = _FRAME.match(line)
            ours = self._known.get((found["file"], int(found["offset"], 16)), ()) if found else ()
            frames += ours
            left_out += not ours
        return tuple(frames), left_out

    def texts(self) -> dict[str, str]:
        """The source files that frames name, as they are now."""
        found = {}
        for path in sorted(self.files):
            try:
                if path.stat().st_size <= LARGEST_SOURCE:
                    found[self._name(path)] = path.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # built elsewhere, or gone
        return found

    def _look_up(self, binary: str, offsets: Sequence[int]) -> None:
        elf = read_elf(Path(binary))
        if elf is None or not elf.has_lines or not shutil.which("addr2line"):
            return
        for offset, frames in zip(offsets, _addr2line(binary, elf, offsets), strict=True):
            kept = [self._frame(*frame) for frame in frames]
            self._known[binary, offset] = tuple(frame for frame in kept if frame is not None)

    def _frame(self, function: str, place: str) -> Frame | None:
        file, _, line = place.partition(" (discriminator")[0].rpartition(":")
        if not file.startswith("/") or not line.isdigit() or line == "0" or file.startswith(_NOT_OURS):
            return None
        path = Path(file)
        self.files.add(path)
        return Frame(short_name(function), self._name(path), int(line))

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root)) if path.is_relative_to(self._root) else str(path)


def has_lines(program: Path) -> bool:
    elf = read_elf(program)
    return elf is not None and elf.has_lines


def _addr2line(binary: str, elf: Elf, offsets: Sequence[int]) -> list[list[tuple[str, str]]]:
    """For each place the functions and lines, the innermost first: inlined functions are several."""
    addresses = [elf.address(offset) for offset in offsets]
    # Minus one: a return address stands behind the call, which may be the next line, or another function.
    asked = "".join(f"{max(0, (address or 1) - 1):#x}\n" for address in addresses)
    done = subprocess.run(
        ["addr2line", "-a", "-f", "-C", "-i", "-e", binary],
        input=asked,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    answers: list[list[str]] = []
    for line in done.stdout.splitlines():
        if re.match(r"0x[0-9a-f]+$", line):
            answers.append([])
        elif answers:
            answers[-1].append(line)
    if len(answers) != len(offsets):
        return [[] for _ in offsets]
    return [list(zip(lines[0::2], lines[1::2], strict=False)) for lines in answers]


def short_name(function: str) -> str:
    """'int mux::labMain<A>(int, char**)' → 'mux::labMain<A>': without types of arguments and of the result."""
    text = re.sub(r"(?: const| noexcept| &+| \[clone [^\]]*\])+$", "", function)
    text = text.replace("(anonymous namespace)::", "").replace("operator()", "operator\0")
    out, angles, rounds = "", 0, 0
    for character in text:
        if angles == 0 and character in "()":
            rounds += 1 if character == "(" else -1
        elif rounds == 0:
            angles += (character == "<") - (character == ">")
            # What stands before a space is the type of the result.
            out = "" if character == " " and angles == 0 and not out.endswith("operator") else out + character
    return out.replace("\0", "()") or function
