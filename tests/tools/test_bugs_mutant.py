"""Mutants: the program with the mistake in it, made from the reference's objects wherever nothing has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bugs_stage import HEAD, ONCE, Workshop, says
from muxlab.bugs.mutant import build_mutant, prepare
from muxlab.errors import MuxlabError

GOODBYE = """--- a/common/word.cpp
+++ b/common/word.cpp
@@ -3,3 +3,3 @@
 const char* word() {
-  return "hello";
+  return "goodbye";
 }
"""
SEMICOLON = """--- a/common/word.hpp
+++ b/common/word.hpp
@@ -1,2 +1,2 @@
 const char* word();
-#define SEPARATOR ", "
+#define SEPARATOR "; "
"""
NO_SEMICOLON = GOODBYE.replace('"goodbye";', '"goodbye"')


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    workshop = Workshop(tmp_path_factory.mktemp("mutants") / "a project")
    workshop.build()
    return workshop


def objects(workshop: Workshop, card: str) -> set[str]:
    return {path.name for path in (workshop.project.root / "build/bugs" / card).rglob("*.o")}


def test_the_reference_is_left_alone(workshop: Workshop) -> None:
    mutant = build_mutant(workshop.project, workshop.card("once", ONCE))
    assert says(mutant.program) == "hello, .\n"
    assert mutant.program == workshop.project.root / "build/bugs/01.once/bin/01_select"
    assert says(workshop.project.build_dir("dev") / "bin" / "01_select") == "hello, hello, .\n"
    assert objects(workshop, "01.once") == {"select_server.cpp.o"}


def test_a_mistake_in_a_library(workshop: Workshop) -> None:
    mutant = build_mutant(workshop.project, workshop.card("goodbye", GOODBYE))
    assert says(mutant.program) == "goodbye, goodbye, .\n"
    assert objects(workshop, "01.goodbye") == {"word.cpp.o"}


def test_a_mistake_in_a_header_is_compiled_into_all_that_include_it(workshop: Workshop) -> None:
    mutant = build_mutant(workshop.project, workshop.card("semicolon", SEMICOLON))
    assert says(mutant.program) == "hello; hello; .\n"
    assert objects(workshop, "01.semicolon") == {"word.cpp.o", "select_server.cpp.o"}


def test_a_mistake_in_two_files(workshop: Workshop) -> None:
    assert says(build_mutant(workshop.project, workshop.card("two", GOODBYE + ONCE)).program) == "goodbye, .\n"


def test_another_program_of_the_same_lab(workshop: Workshop) -> None:
    mutant = build_mutant(workshop.project, workshop.card("another", ONCE), "inside")
    assert says(mutant.program) == "hello, .\n" * 2
    assert mutant.program.name == "inside"


def test_options_for_the_compiler(workshop: Workshop) -> None:
    card = workshop.card("options", ONCE, HEAD + "Build it: dev -UEXTRA -Dword=mark_word -include common/extra.hpp\n")
    workshop.write("common/extra.hpp", 'inline const char* mark_word() { return "marked"; }\n')
    assert says(build_mutant(workshop.project, card).program) == "marked, .\n"


def test_what_is_up_to_date_is_not_built_again(workshop: Workshop) -> None:
    card = workshop.card("again", ONCE)
    first = build_mutant(workshop.project, card).program.stat().st_mtime_ns
    assert build_mutant(workshop.project, card).program.stat().st_mtime_ns == first
    changed = workshop.card("again", ONCE.replace("return 1", "return 3"))
    assert says(build_mutant(workshop.project, changed).program) == "hello, hello, hello, .\n"


def test_a_mutant_follows_the_reference(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    card = workshop.card("once", ONCE)
    prepare(workshop.project, [card])
    assert says(build_mutant(workshop.project, card).program) == "hello, .\n"
    workshop.write("common/mark.cpp", workshop.read("common/mark.cpp").replace("'.'", "'!'"))
    prepare(workshop.project, [card])
    assert says(build_mutant(workshop.project, card).program) == "hello, !\n"


def test_a_mistake_that_does_not_compile(workshop: Workshop) -> None:
    with pytest.raises(MuxlabError, match=r"^01\.syntax does not compile$") as caught:
        build_mutant(workshop.project, workshop.card("syntax", NO_SEMICOLON))
    assert "error:" in caught.value.details
    assert len(caught.value.details.splitlines()) < 12
    # And not half of it is taken for the whole the next time.
    with pytest.raises(MuxlabError, match="does not compile"):
        build_mutant(workshop.project, workshop.card("syntax", NO_SEMICOLON))


def test_a_mistake_that_no_program_has_in_it(workshop: Workshop) -> None:
    nowhere = "--- a/inside.cpp\n+++ b/inside.cpp\n@@ -3,3 +3,2 @@\n int main() {\n-  run();\n   run();\n"
    with pytest.raises(MuxlabError, match=r"bin/01_select is not made from inside\.cpp$"):
        build_mutant(workshop.project, workshop.card("nowhere", nowhere))


def test_several_at_the_same_time(workshop: Workshop) -> None:
    cards = [workshop.card(f"many-{n}", ONCE.replace("return 1", f"return {n}")) for n in range(6)]
    with ThreadPoolExecutor(3) as pool:
        mutants = list(pool.map(lambda card: build_mutant(workshop.project, card), cards))
    assert [says(mutant.program) for mutant in mutants] == ["hello, " * n + ".\n" for n in range(6)]
