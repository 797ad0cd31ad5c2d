"""From addresses to lines: a small program whose call stack we know, linked in every way."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from muxlab.strace.parse import parse_file
from muxlab.strace.run import prefix
from muxlab.trace.elf import read_elf
from muxlab.trace.record import strace_options
from muxlab.trace.source import Sources, has_lines, short_name
from trace_stage import needs_strace

PROGRAM = """\
#include <unistd.h>
namespace demo {
__attribute__((always_inline)) inline long inlined(int fd) {
  return ::write(fd, "found", 5);
}
template <class T>
__attribute__((noinline)) long outer(T fd) {
  long n = inlined(fd);
  asm volatile("" : "+r"(n));  // no tail call
  return n;
}
}  // namespace demo
int main() {
  long n = demo::outer(2);
  asm volatile("" : "+r"(n));
  return n == 5 ? 0 : 1;
}
"""


def compiled(folder: Path, *options: str) -> Path:
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no compiler")
    source = folder / "a folder" / "demo.cpp"
    source.parent.mkdir()
    source.write_text(PROGRAM)
    program = folder / "demo"
    subprocess.run([compiler, "-O1", *options, str(source), "-o", str(program)], check=True, capture_output=True)
    return program


def stack_of(program: Path, folder: Path) -> tuple[str, ...]:
    needs_strace()
    output = folder / "strace"
    done = subprocess.run(
        [*prefix(output, strace_options(stacks=True)), str(program)], capture_output=True, check=False
    )
    assert done.returncode == 0
    (write,) = [call for call in parse_file(output).calls if call.name == "write" and "found" in call.arguments]
    return write.stack


def resolved(stack: Sequence[str], folder: Path) -> tuple[list[tuple[str, str, int]], int, dict[str, str]]:
    sources = Sources([stack], folder)
    frames, left_out = sources.resolve(stack)
    return [(frame.function, frame.file, frame.line) for frame in frames], left_out, sources.texts()


@pytest.mark.parametrize("linked", [["-pie", "-fPIE"], ["-no-pie", "-fno-pie"]], ids=["PIE", "not PIE"])
def test_the_stack_leads_to_the_lines_inlined_functions_too(tmp_path: Path, linked: list[str]) -> None:
    program = compiled(tmp_path, "-g", *linked)
    frames, left_out, texts = resolved(stack_of(program, tmp_path), tmp_path)
    file = "a folder/demo.cpp"
    assert frames == [("demo::inlined", file, 4), ("demo::outer<int>", file, 8), ("main", file, 14)]
    assert left_out > 0, "libc and the start code"
    assert texts == {file: PROGRAM}


@pytest.mark.parametrize("name", ["", "()", "(_ZN4demo5outer+0x1f)"])
def test_it_does_not_matter_how_strace_names_a_function(tmp_path: Path, name: str) -> None:
    """One that is not exported may have no name, or empty brackets."""
    stack = stack_of(compiled(tmp_path, "-g"), tmp_path)
    frames, _, _ = resolved([re.sub(r"(\(.*\))? \[", f"{name} [", line) for line in stack], tmp_path)
    assert [function for function, _, _ in frames] == ["demo::inlined", "demo::outer<int>", "main"]


def test_without_debug_information_there_are_no_frames(tmp_path: Path) -> None:
    program = compiled(tmp_path)
    assert not has_lines(program)
    frames, left_out, texts = resolved(stack_of(program, tmp_path), tmp_path)
    assert (frames, texts) == ([], {})
    assert left_out > 0


def test_a_script_is_no_program_with_lines(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert read_elf(script) is None
    assert read_elf(tmp_path / "nothing") is None
    assert not has_lines(script)


def test_a_damaged_file_is_no_program(tmp_path: Path) -> None:
    whole = Path("/bin/true").read_bytes()
    for length in (4, 40, 63, 64, 100):
        path = tmp_path / str(length)
        path.write_bytes(whole[:length])
        elf = read_elf(path)
        assert elf is None or not elf.has_lines


@pytest.mark.parametrize(
    ("whole", "short"),
    [
        ("main", "main"),
        ("lab03::EpollServer::run()", "lab03::EpollServer::run"),
        ("int mux::labMain<lab03::EpollServer>(int, char**, mux::OptionSet)", "mux::labMain<lab03::EpollServer>"),
        (
            "mux::log::Sink::tryWrite(std::basic_string_view<char, std::char_traits<char> >) const",
            "mux::log::Sink::tryWrite",
        ),
        ("lab05::(anonymous namespace)::callLogged(int)", "lab05::callLogged"),
        ("A::f(int)::{lambda(int)#1}::operator()(int) const", "A::f::{lambda#1}::operator()"),
        ("void A::g<void (*)(int)>(int) [clone .isra.0]", "A::g<void (*)(int)>"),
        ("EpollServer::~EpollServer()", "EpollServer::~EpollServer"),
    ],
)
def test_short_names(whole: str, short: str) -> None:
    assert short_name(whole) == short
