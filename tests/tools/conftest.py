from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stage import Gate, Machine, Tree, install_fake_server


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.close()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "a tree")


@pytest.fixture
def fake_server(tmp_path: Path) -> Path:
    return install_fake_server(tmp_path / "fake_server")
