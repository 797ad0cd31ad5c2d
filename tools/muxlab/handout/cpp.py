"""The functions of a C++ file: what they are called, and where their bodies are. Read by a parser, not by patterns."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter_cpp
from tree_sitter import Language, Node, Parser, Tree

from muxlab.errors import MuxlabError

CLASSES = ("class_specifier", "struct_specifier", "union_specifier")
NAMES = (
    "identifier",
    "field_identifier",
    "destructor_name",
    "operator_name",
    "namespace_identifier",
    "type_identifier",
)
NAMES_OF_PARTS = ("qualified_identifier", "template_function", "template_method", "operator_cast")


@dataclass(frozen=True)
class Function:
    """A function that is defined here. Positions count bytes."""

    name: str
    """With its namespaces and classes, without template arguments: `lab01::SelectServer::run`."""
    parameters: str
    """As they are written: `(int fd, bool readable)`."""
    line: int
    start: int
    """Of its first line, with what makes it a template."""
    body: tuple[int, int] | None
    """From the brace, or from `try`, to the end. None if it is defaulted or deleted."""
    initialisers: tuple[int, int] | None
    """A constructor's `: fd_(fd)`."""

    @property
    def title(self) -> str:
        return self.name + self.parameters

    @property
    def initialises_inside(self) -> bool:
        """A constructor's function-try-block: `try : fd_(fd) { … } catch …`. The body is all of it."""
        return self.body is not None and self.initialisers is not None and self.initialisers[0] > self.body[0]


@dataclass(frozen=True)
class Macro:
    name: str
    text: str
    where: str


@dataclass(frozen=True)
class CppFile:
    """A file as the parser sees it."""

    path: str
    source: bytes
    tree: Tree

    @classmethod
    def parse(cls, path: str, source: bytes) -> CppFile:
        return cls(path, source, _parser().parse(source))

    def functions(self) -> list[Function]:
        """In the order of the file. A function that another one's body defines is not among them."""
        return [_function(node) for node in _walk(self.tree.root_node) if node.type == "function_definition"]

    def includes(self) -> list[tuple[str, int, int]]:
        """The path, the start and the end of every #include that no #if guards."""
        found = []
        for node in self.tree.root_node.named_children:
            path = node.child_by_field_name("path") if node.type == "preproc_include" else None
            if path is not None:
                found.append((_text(path).strip('<>"'), node.start_byte, node.end_byte))
        return found

    def macros(self) -> list[Macro]:
        return [
            Macro(_field(node, "name"), _field(node, "value"), f"{self.path}:{_line(node)}")
            for node in _walk(self.tree.root_node)
            if node.type in ("preproc_def", "preproc_function_def")
        ]

    def check(self, hiding: dict[str, Macro]) -> None:
        """Refuses a file in which the parser may have lost count of the braces.

        One error is enough, wherever it is: the end of a function that looks right may be that of another one.
        """
        for node in _walk(self.tree.root_node, into_bodies=True):
            if node.is_error or node.is_missing:
                raise MuxlabError(
                    f"{self.path}:{_line(node)} cannot be parsed, so no function of this file can be emptied safely: "
                    "does a macro or an #if hide a brace there?"
                )
            if node.type in NAMES and (macro := hiding.get(_text(node))):
                parent = node.parent
                if parent is None or not parent.type.startswith("preproc_"):
                    raise MuxlabError(
                        f"{self.path}:{_line(node)} uses {macro.name}, which hides a brace ({macro.where}), so no "
                        "function of this file can be emptied safely: write the brace out"
                    )


def brace_hiding(macros: list[Macro]) -> dict[str, Macro]:
    """The macros, by name, whose text opens a brace and does not close it, or the other way round."""
    hiding = {macro.name: macro for macro in macros if not _is_balanced(macro.text)}
    more = True
    while more:  # a macro that uses one of them is one of them
        users = [m for m in macros if m.name not in hiding and not hiding.keys().isdisjoint(re.findall(r"\w+", m.text))]
        hiding |= {macro.name: macro for macro in users}
        more = bool(users)
    return hiding


def _is_balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"[{}]", re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'', "", text)):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


@functools.cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_cpp.language()))


def _walk(root: Node, into_bodies: bool = False) -> Iterator[Node]:
    """Every node, in the order of the text."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        children = node.children
        if node.type == "function_definition" and not into_bodies:
            children = [child for child in children if child.type not in ("compound_statement", "try_statement")]
        stack.extend(reversed(children))


def _function(node: Node) -> Function:
    declarator = node.child_by_field_name("declarator")
    own, parameters = _name_of(declarator) if declarator else ([""], "")
    body = next((child for child in node.children if child.type in ("compound_statement", "try_statement")), None)
    within = [*node.children, *(body.children if body else [])]
    initialisers = next((child for child in within if child.type == "field_initializer_list"), None)
    outermost = node
    while outermost.parent is not None and outermost.parent.type == "template_declaration":
        outermost = outermost.parent
    return Function(
        name="::".join([*_scopes(node), *own]),
        parameters=parameters,
        line=_line(node),
        start=outermost.start_byte,
        body=(body.start_byte, body.end_byte) if body else None,
        initialisers=(initialisers.start_byte, initialisers.end_byte) if initialisers else None,
    )


def _scopes(node: Node) -> list[str]:
    found: list[str] = []
    parent = node.parent
    while parent is not None:
        if parent.type in (*CLASSES, "namespace_definition") and (name := parent.child_by_field_name("name")):
            found = [*_parts(name), *found]
        parent = parent.parent
    return found


def _name_of(declarator: Node) -> tuple[list[str], str]:
    """The parts of a function's own name, and its parameters: what is innermost in `int& (*f(int))[3]`."""
    parameters = ""
    node: Node | None = declarator
    while node is not None and node.type not in (*NAMES, *NAMES_OF_PARTS):
        if node.type == "function_declarator":
            parameters = _field(node, "parameters")
        inside = [child for child in node.named_children if child.type.endswith("declarator") or child.type in NAMES]
        node = node.child_by_field_name("declarator") or next(iter(inside), None)
    if node is None:
        return [_squeeze(_text(declarator))], parameters
    casts = [inner for inner in _walk(node) if inner.type == "abstract_function_declarator"]  # operator bool()
    parameters = _field(casts[0], "parameters") if casts else parameters
    return _parts(node), parameters


def _parts(name: Node) -> list[str]:
    """`Box<int>::get` → Box, get."""
    if name.type in ("qualified_identifier", "nested_namespace_specifier"):
        scope, last = name.child_by_field_name("scope"), name.child_by_field_name("name")
        if last is not None:
            return [*(_parts(scope) if scope else []), *_parts(last)]
        return [part for child in name.named_children for part in _parts(child)]
    if name.type in ("template_type", "template_function", "template_method"):
        return [_field(name, "name")]
    if name.type == "operator_cast":
        return [f"operator {_field(name, 'type')}"]
    return [tidy_name(_text(name))]


def tidy_name(text: str) -> str:
    """A function's name without the blanks that do not matter: `operator ==` → `operator==`."""
    squeezed = re.sub(r"\s*(::|~|\(\)|\[\])\s*", r"\1", _squeeze(text))
    return re.sub(r"\boperator (?=\W)", "operator", squeezed)


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _field(node: Node, name: str) -> str:
    child = node.child_by_field_name(name)
    return _squeeze(_text(child)) if child else ""


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _line(node: Node) -> int:
    return node.start_point.row + 1
