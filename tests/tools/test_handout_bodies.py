"""Emptying functions: whatever C++ looks like, the body goes, all else stays, and it can be put back."""

from __future__ import annotations

import pytest

from muxlab.errors import MuxlabError
from muxlab.handout.bodies import HEADER, empty, restore
from muxlab.handout.cpp import CppFile, brace_hiding

PATH = "labs/01_select/a.cpp"
INCLUDE = f'#include "{HEADER}"\n'


def emptied(source: str, *names: str) -> str:
    """The file without these bodies; in passing, the proof that nothing is lost."""
    result = empty(PATH, source.encode(), names)
    assert restore(PATH, result.source, source.encode(), names) == source.encode()
    assert len(result.bodies) >= len(names)
    return result.source.decode().replace(INCLUDE, "", 1)


def refusal(source: str, *names: str) -> str:
    file = CppFile.parse(PATH, source.encode())
    with pytest.raises(MuxlabError) as refused:
        empty(PATH, source.encode(), names, brace_hiding(file.macros()))
    assert "\n" not in str(refused.value)
    return str(refused.value)


def not_written(name: str, indent: str = "") -> str:
    return f'{{\n{indent}  mux::notWritten("{name}");\n{indent}}}'


@pytest.mark.parametrize(
    ("before", "body", "name"),
    [
        ("void A::f() ", "{ g(); }", "A::f"),
        ("void A::f() ", "{}", "A::f"),
        ("int A::B::f(int x)\n    const noexcept ", "{\n  return x;\n}", "A::B::f"),
        ("template <class T>\nauto Box<T>::get() && -> T ", "{ return T{}; }", "Box::get"),
        ("template <>\nvoid Box<int>::set(int) ", "{ g(); }", "Box::set"),
        ("template <class T>\n  requires(sizeof(T) > 1)\nvoid f(T t) noexcept(noexcept(t.g())) ", "{ t.g(); }", "f"),
        ("[[nodiscard]] static inline const std::map<int, int>& f() ", "{ return all; }", "f"),
        ("int (*f(int x))(double) ", "{ return nullptr; }", "f"),
        ("bool A::operator==(const A& b) const ", "{ return x == b.x; }", "A::operator=="),
        ("bool A::operator ()(int) const ", "{ return true; }", "A::operator()"),
        ("A::operator bool() const ", "{ return x; }", "A::operator bool"),
        ("A& A::operator=(A&& b) noexcept ", "{ return *this; }", "A::operator="),
        ("A::A(int x) : x_(x), all_{1, 2}, f_([] { return 1; }) ", "{ g(); }", "A::A"),
        ("A::~A() ", "{ g(); }", "A::~A"),
        ("void f() noexcept ", "try { g(); } catch (const E& e) { h(); } catch (...) {}", "f"),
        ('extern "C" void f() ', "{ g(); }", "f"),
    ],
)
def test_the_body_goes_and_the_signature_stays(before: str, body: str, name: str) -> None:
    source = f"// what it does\n{before}{body}\n\nint after = 1;\n"
    assert emptied(source, name) == f"// what it does\n{before}{not_written(name)}\n\nint after = 1;\n"


@pytest.mark.parametrize(
    "body",
    [
        '  say("}", \'}\', "\\"}");',
        "  // }\n  /* } */ g();",
        '  say(R"x(} )" }" )x");',
        "  run([&](int x) { if (x) { g(); } });\n  struct Local {\n    void f() { g(); }\n  } local;",
        "#if A\n  if (a) { g(); }\n#else\n  h();\n#endif",
        "  FOR_EACH(x, y) { g(); }",
        "  static const char* table[] = {{1, '{'}, {2, '}'}};",
        "  switch (x) {\n    case 1: {\n      g();\n    }\n  }",
    ],
)
def test_braces_in_a_body_do_not_mislead(body: str) -> None:
    source = f"void f() {{\n{body}\n}}\n\nvoid after() {{ h(); }}\n"
    assert emptied(source, "f") == f"void f() {not_written('f')}\n\nvoid after() {{ h(); }}\n"


def test_a_macro_may_hide_whole_pairs_of_braces() -> None:
    source = "#define TWICE(x) { x; x; }\nvoid f() { TWICE(g()); }\n"
    assert "g()" not in emptied(source, "f")


def test_functions_of_classes_and_namespaces() -> None:
    source = """namespace a::b {
namespace {
struct Outer {
  struct Inner {
    void f() { g(1); }
  };
  friend void f(Outer) { g(2); }
};
}  // namespace
}  // namespace a::b
"""
    inner = emptied(source, "Inner::f")
    assert "g(1)" not in inner
    assert f"    void f() {not_written('Inner::f', '    ')}\n" in inner
    assert "g(2)" in inner
    assert emptied(source, "a::b::Outer::Inner::f") == inner.replace("Inner::f", "a::b::Outer::Inner::f", 1)


def test_every_overload_or_just_one() -> None:
    source = "void f() { g(0); }\nvoid f(int x) { g(x); }\nvoid f(int x) const { h(x); }\n"
    assert emptied(source, "f").count("mux::notWritten") == 3
    one = emptied(source, "f(int x)")
    assert "g(0)" in one
    assert one.count('mux::notWritten("f")') == 2  # they differ in what the parameters do not tell


def test_both_sides_of_an_if() -> None:
    source = "#if A\nvoid f() { g(1); }\n#else\nvoid f() { g(2); }\n#endif\n"
    assert emptied(source, "f") == f"#if A\nvoid f() {not_written('f')}\n#else\nvoid f() {not_written('f')}\n#endif\n"


def test_a_constructor_keeps_its_initialisers() -> None:
    source = "A::A(int x) try : x_(x), y_{2} {\n  g();\n} catch (...) {\n  h();\n}\nvoid after() {}\n"
    assert emptied(source, "A::A") == f"A::A(int x) : x_(x), y_{{2}} {not_written('A::A')}\nvoid after() {{}}\n"


def test_a_name_with_quotes() -> None:
    source = 'int operator""_km(unsigned long long x) { return 1; }\n'
    assert 'mux::notWritten("operator\\"\\"_km");' in emptied(source, 'operator""_km')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("#include <a>\n", ""),
        ('#include "common/error.hpp"\n#include "common/log.hpp"\n', '#include "tests/b.hpp"\n'),
        ('#include <a>\n\n#include "common/error.hpp"\n', '#include "common/socket.hpp"\n\nint x;\n'),
        ("#include <a>\n\n", '#include "common/socket.hpp"\n'),
    ],
)
def test_where_the_include_goes(before: str, after: str) -> None:
    source = f"{before}{after}void f() {{}}\n"
    assert empty(PATH, source.encode(), ["f"]).source.decode().startswith(f"{before}{INCLUDE}{after}void f()")


def test_a_file_that_has_the_include_keeps_it() -> None:
    source = f"{INCLUDE}void f() {{ g(); }}\n".encode()
    result = empty(PATH, source, ["f"]).source
    assert result.count(INCLUDE.encode()) == 1
    assert restore(PATH, result, source, ["f"]) == source


def test_what_the_students_wrote_elsewhere_stays_when_a_body_is_put_back() -> None:
    reference = b"void f() { g(); }\nvoid h() { g(); }\n"
    theirs = empty(PATH, reference, ["f", "h"]).source.replace(b'mux::notWritten("h");', b"mine();")
    assert b"mine();" in restore(PATH, theirs, reference, ["f"])
    with pytest.raises(MuxlabError, match=r"does not define f\(\) any more"):
        restore(PATH, theirs.replace(b"void f()", b"void f(int)"), reference, ["f"])


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("void f() {\n  if (x) {\n#ifdef A\n  g(); }\n#else\n  h(); }\n#endif\n}\n", None),
        ("void f() {\n#ifdef A\n  if (x) {\n#else\n  if (y) {\n#endif\n}\n}\n", None),
        ("#ifdef A\nvoid f(int x) {\n#else\nvoid f() {\n#endif\n}\n", None),
        ("void f() { g(); }\nvoid other() {\n  h();\n}}\n", 4),
        ("void f() {\n  g(;\n}\n", 2),
        ("void f() {\n  g();\n", None),
    ],
)
def test_a_file_that_cannot_be_parsed_is_refused(source: str, line: int | None) -> None:
    told = refusal(source, "f")
    assert told.startswith(f"{PATH}:{line or ''}")
    assert "cannot be parsed, so no function of this file can be emptied safely" in told


@pytest.mark.parametrize(
    "source",
    [
        "#define BEGIN {\nvoid f() BEGIN g(); }\n",
        "#define END }\nvoid f() { g(); END\n",
        "#define END }\nvoid f() {\n  LOOP(x) g(); }\n  END;\n",
        "#define END }\n#define REALLY_END END\nvoid f() {\n  g(); }\n  REALLY_END;\n",
        "#define IF(a) if (a) { \\\n  g()\nvoid f() { IF(x); } }\n",
    ],
)
def test_a_macro_that_hides_a_brace_is_refused(source: str) -> None:
    told = refusal(source, "f")
    assert "hides a brace" in told or "cannot be parsed" in told
    assert "no function of this file can be emptied safely" in told


def test_the_macro_may_come_from_another_file() -> None:
    macros = CppFile.parse("common/macros.hpp", b"// braces\n#define END }\n").macros()
    with pytest.raises(MuxlabError) as refused:
        empty(PATH, b"void f() {\n  g(); }\nEND;\n", ["f"], brace_hiding(macros))
    assert str(refused.value) == (
        f"{PATH}:3 uses END, which hides a brace (common/macros.hpp:2), so no function of this file can be emptied "
        "safely: write the brace out"
    )


@pytest.mark.parametrize(
    ("source", "name", "told"),
    [
        ("void A::serve() {}\n", "A::serv", f"{PATH} has no function A::serv: did you mean A::serve?"),
        ("void lab::A::serve() {}\n", "B::serve", f"{PATH} has no function B::serve: did you mean A::serve?"),
        ("void A::serve();\n", "A::serve", f"{PATH} has no function A::serve"),
        ("void A::f() {}\nvoid B::f() {}\n", "f", f"{PATH} has more than one f: write A::f or B::f"),
        ("\nA::A() = default;\n", "A::A", f"{PATH}:2 A::A has no body: it is defaulted or deleted"),
    ],
)
def test_a_name_that_does_not_fit(source: str, name: str, told: str) -> None:
    assert refusal(source, name) == told


def test_a_function_that_is_named_twice() -> None:
    assert refusal("void A::f() {}\n", "A::f", "f") == f"{PATH}: A::f is named twice"
