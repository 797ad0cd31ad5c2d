"""Empties functions, and fills them again: a body gives way to one line that fails clearly when it is called."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from muxlab.errors import MuxlabError
from muxlab.handout.cpp import CppFile, Function, Macro, tidy_name
from muxlab.handout.settings import closest

HEADER = "common/not_written.hpp"
INCLUDE = f'#include "{HEADER}"\n'.encode()


@dataclass(frozen=True)
class Body:
    """What was taken out: a solution."""

    name: str
    """As handout.toml names it: `SelectServer::run`."""
    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Emptied:
    source: bytes
    bodies: tuple[Body, ...]


def empty(path: str, source: bytes, names: Sequence[str], hiding: dict[str, Macro] | None = None) -> Emptied:
    """Takes the bodies of the named functions out of a file.

    A name may leave namespaces out, and it means every overload, unless it ends with one's parameters. `hiding` are
    the macros of other files that hide a brace.
    """
    file = CppFile.parse(path, source)
    file.check(hiding or {})
    chosen = _choose(file, names)
    bodies = []
    edits = []
    for name, function, (start, end) in chosen:
        bodies.append(Body(name, path, function.line, source[start:end].decode(errors="replace")))
        edits.append((start, end, _placeholder(source, name, function)))
    changed = _edit(source, edits)
    if bodies and HEADER not in [include for include, _, _ in file.includes()]:
        at = _place_for_include(CppFile.parse(path, changed))
        changed = changed[:at] + INCLUDE + changed[at:]
    assert restore(path, changed, source, names) == source
    return Emptied(changed, tuple(bodies))


def restore(path: str, written: bytes, reference: bytes, names: Sequence[str]) -> bytes:
    """Puts the reference's bodies of the named functions into a file that was made by empty()."""
    theirs, ours = CppFile.parse(path, written), CppFile.parse(path, reference)
    theirs.check({})
    places = _by_title(theirs.functions())
    edits = []
    for name, function, (start, end) in _choose(ours, names):
        place = places.get(function.title, []).pop(0) if places.get(function.title) else None
        if place is None or place.body is None:
            raise MuxlabError(f"{path} does not define {name}{function.parameters} any more: take it from the handout")
        from_here = place.initialisers if function.initialises_inside and place.initialisers else place.body
        edits.append((from_here[0], place.body[1], reference[start:end]))
    if HEADER not in [include for include, _, _ in ours.includes()]:
        for include, start, end in theirs.includes():
            if include == HEADER:
                edits.append((start, end, b""))
    return _edit(written, edits)


def _choose(file: CppFile, names: Sequence[str]) -> list[tuple[str, Function, tuple[int, int]]]:
    """The functions with these names, the names, and the places of their bodies, in the order of the file."""
    functions = file.functions()
    found = []
    for name in names:
        matching = [function for function in functions if _is_called(function, name)]
        if not matching:
            raise MuxlabError(f"{file.path} has no function {name}{_closest(name, functions)}")
        if len({function.name for function in matching}) > 1:
            choice = " or ".join(sorted({function.name for function in matching}))
            raise MuxlabError(f"{file.path} has more than one {name}: write {choice}")
        for function in matching:
            if function.body is None:
                raise MuxlabError(f"{file.path}:{function.line} {name} has no body: it is defaulted or deleted")
            found.append((_without_parameters(name), function, function.body))
    found.sort(key=lambda item: item[2])
    for (name, _, body), (_, _, following) in itertools.pairwise(found):
        if body == following:
            raise MuxlabError(f"{file.path}: {name} is named twice")
    return found


def _is_called(function: Function, name: str) -> bool:
    wanted = tidy_name(name)
    return any(
        tidy_name(candidate) == wanted or tidy_name(candidate).endswith(f"::{wanted}")
        for candidate in (function.name, function.title)
    )


def _without_parameters(name: str) -> str:
    """`Parser::feed(int)` → `Parser::feed`, but `operator()` stays whole."""
    found = re.match(r".*operator\s*\(\s*\)|[^(]*", name)
    return found[0].strip() if found else name


def _closest(name: str, functions: Sequence[Function]) -> str:
    """Among names that leave out as much as this one does."""
    parts = name.count("::") + 1
    return closest(tidy_name(name), ["::".join(function.name.split("::")[-parts:]) for function in functions])


def _by_title(functions: Sequence[Function]) -> dict[str, list[Function]]:
    titles: dict[str, list[Function]] = {}
    for function in functions:
        titles.setdefault(function.title, []).append(function)
    return titles


def _placeholder(source: bytes, name: str, function: Function) -> bytes:
    before = source[source.rfind(b"\n", 0, function.start) + 1 :]
    indent = before[: len(before) - len(before.lstrip(b" \t"))].decode()
    called = name.replace('"', '\\"')
    kept = b""  # references and constants need their values, whoever writes the body
    if function.initialises_inside and function.initialisers:
        kept = source[slice(*function.initialisers)] + b" "
    return kept + f'{{\n{indent}  mux::notWritten("{called}");\n{indent}}}'.encode()


def _place_for_include(file: CppFile) -> int:
    """Among the other headers of common/ in alphabetical order; else behind the last #include; else in front."""
    includes = file.includes()
    ours = [include for include in includes if include[0].startswith("common/")]
    before = [include for include in ours if include[0] < HEADER]
    if ours and not before:
        return ours[0][1]
    return (before or includes)[-1][2] if includes else 0


def _edit(source: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source
