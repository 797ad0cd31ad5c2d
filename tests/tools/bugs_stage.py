"""A small project in C++ for the tests of the bug cards: it compiles in no time, and its program prints one line."""

from __future__ import annotations

import subprocess
from pathlib import Path

from muxlab.bugs.card import Card, read_card
from muxlab.build import build
from muxlab.project import Project
from stage import PRESETS

CMAKE = """cmake_minimum_required(VERSION 3.22)
project(toy LANGUAGES CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
include_directories(${CMAKE_SOURCE_DIR})
add_library(mux STATIC common/word.cpp common/mark.cpp)
add_library(lib01_select STATIC labs/01_select/select_server.cpp)
target_link_libraries(lib01_select PUBLIC mux)
add_executable(01_select labs/01_select/main.cpp)
target_link_libraries(01_select PRIVATE lib01_select)
add_executable(inside inside.cpp)
target_link_libraries(inside PRIVATE lib01_select)
"""

FILES = {
    "common/word.hpp": 'const char* word();\n#define SEPARATOR ", "\n',
    "common/word.cpp": '#include "common/word.hpp"\n\nconst char* word() {\n  return "hello";\n}\n',
    "common/mark.hpp": "char mark();\n",
    "common/mark.cpp": "#include \"common/mark.hpp\"\n\nchar mark() {\n  return '.';\n}\n",
    "labs/01_select/select_server.hpp": "void run();\n",
    "labs/01_select/select_server.cpp": """#include "labs/01_select/select_server.hpp"

#include <cstdio>

#include "common/mark.hpp"
#include "common/word.hpp"

int times() {
  return 2;
}

void run() {
  for (int i = 0; i < times(); ++i) std::printf("%s%s", word(), SEPARATOR);
  std::printf("%c\\n", mark());
}
""",
    "labs/01_select/main.cpp": '#include "labs/01_select/select_server.hpp"\n\nint main() {\n  run();\n}\n',
    "inside.cpp": '#include "labs/01_select/select_server.hpp"\n\nint main() {\n  run();\n  run();\n}\n',
}

HEAD = """Title: it goes wrong
Pitfall: wrong-turn
What happens: a text that does not fit on one line,
  and so has another.
Caught by: 01.two-words
Watch it: two words
Fix: do it right
"""

ONCE = """--- a/labs/01_select/select_server.cpp
+++ b/labs/01_select/select_server.cpp
@@ -9,3 +9,3 @@ int times() {
 int times() {
-  return 2;
+  return 1;
 }
"""


class Workshop:
    def __init__(self, root: Path) -> None:
        self.project = Project(root)
        self.write("CMakePresets.json", PRESETS)
        self.write("CMakeLists.txt", CMAKE)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str:
        return (self.project.root / name).read_text()

    def build(self) -> None:
        build(self.project)

    def card(self, name: str, diff: str, head: str = HEAD, lab: str = "01_select") -> Card:
        path = f"labs/{lab}/bugs/{name}.patch"
        self.write(path, f"{head}\n{diff}")
        return read_card(self.project.root / path)


def says(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout
