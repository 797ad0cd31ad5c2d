"""Code for slides, taken from the compiled sources by name: what is renamed there breaks the build of the slides."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass

from tree_sitter import Node

from muxlab.errors import MuxlabError
from muxlab.handout.cpp import CLASSES, CppFile, tidy_name
from muxlab.project import Project


@dataclass(frozen=True)
class Excerpt:
    path: str
    line: int
    text: str


def excerpt(project: Project, path: str, name: str) -> Excerpt:
    """A function with its body, or a class or an enum: `class Waker`. The comment above it comes along."""
    file = project.root / path
    if not file.is_file():
        raise MuxlabError(f"{path} does not exist")
    source = file.read_bytes()
    if path.endswith(".py"):
        return _python(path, source.decode(), name)
    parsed = CppFile.parse(path, source)
    kind, _, wanted = name.rpartition(" ")
    ranges = _classes(parsed, wanted) if kind == "class" else _functions(parsed, name)
    if len(ranges) != 1:
        raise MuxlabError(f"{path} has {'no' if not ranges else 'more than one'} {name}")
    start, end = ranges[0]
    start = _with_comment(source, source.rfind(b"\n", 0, start) + 1)
    text = textwrap.dedent(source[start:end].decode()).rstrip()
    return Excerpt(path, source.count(b"\n", 0, start) + 1, text)


def _python(path: str, source: str, name: str) -> Excerpt:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            lines = source.splitlines()[node.lineno - 1 : node.end_lineno]
            return Excerpt(path, node.lineno, textwrap.dedent("\n".join(lines)))
    raise MuxlabError(f"{path} has no {name}")


def trimmed(found: Excerpt, first: str, last: str, drop: list[str]) -> Excerpt:
    """From the line that holds `first` to the next that holds `last`, without those that hold one of `drop`."""
    lines = found.text.splitlines()
    start = _index(found, lines, first, 0) if first else 0
    end = _index(found, lines, last, start) + 1 if last else len(lines)
    for text in drop:
        _index(found, lines, text, 0)
    kept = [line for line in lines[start:end] if not any(text in line for text in drop)]
    return Excerpt(found.path, found.line + start, textwrap.dedent("\n".join(kept)).strip("\n"))


def _index(found: Excerpt, lines: list[str], text: str, start: int) -> int:
    for index in range(start, len(lines)):
        if text in lines[index]:
            return index
    raise MuxlabError(f"{found.path}:{found.line} has no line with '{text}' in what a slide shows")


def _functions(file: CppFile, name: str) -> list[tuple[int, int]]:
    wanted = tidy_name(name)
    return [
        (function.start, function.body[1])
        for function in file.functions()
        if function.body
        and any(f"::{tidy_name(called)}".endswith(f"::{wanted}") for called in (function.name, function.title))
    ]


def _classes(file: CppFile, name: str) -> list[tuple[int, int]]:
    found = []
    stack: list[Node] = [file.tree.root_node]
    while stack:
        node = stack.pop()
        called = node.child_by_field_name("name")
        is_definition = node.type in (*CLASSES, "enum_specifier") and node.child_by_field_name("body") is not None
        if is_definition and called is not None and (called.text or b"").decode() == name:
            found.append((node.start_byte, node.end_byte + 1))  # with the semicolon
        stack.extend(node.children)
    return found


def _with_comment(source: bytes, start: int) -> int:
    while True:
        before = source.rfind(b"\n", 0, max(start - 1, 0)) + 1
        if start == 0 or not source[before:start].lstrip().startswith(b"//"):
            return start
        start = before
