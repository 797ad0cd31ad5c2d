"""Labs by every name a person may give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from muxlab.errors import MuxlabError
from muxlab.project import LABS, SERVERS, Project, find_lab


@pytest.mark.parametrize(
    "text", ["3", "03", "03_epoll_lt", "epoll_lt", "epoll-lt", "EPOLL_LT", "labs/03_epoll_lt/", "./labs/03_epoll_lt"]
)
def test_one_lab_has_many_names(text: str) -> None:
    assert find_lab(text).folder == "03_epoll_lt"


@pytest.mark.parametrize("text", ["", "6", "epoll", "03_epoll", "-1", "٣", "labs"])
def test_what_names_no_lab_is_told_with_the_choice(text: str) -> None:
    with pytest.raises(MuxlabError, match=r"no lab is called .*choose 00_readiness, 01_select, .*wakeup$"):
        find_lab(text)


def test_every_lab_is_where_the_list_says() -> None:
    project = Project.here()
    for lab in LABS:
        assert project.folder(lab).is_dir()
    for lab in SERVERS:
        for path in project.sources(lab):
            assert path.is_file()
        header, _ = project.server_files(lab)
        assert f"class {lab.server}" in header.read_text()


def test_programs_are_where_the_contract_says() -> None:
    project = Project(Path("/p"))
    assert project.binary(find_lab("1"), "asan") == Path("/p/build/asan/bin/01_select")


def test_lab_00_has_no_server_to_compare() -> None:
    with pytest.raises(MuxlabError, match="00_readiness is no echo server: choose among 01_select,"):
        Project.here().server_files(find_lab("0"))


def test_hidden_presets_are_not_offered() -> None:
    assert Project.here().presets() == ["dev", "release", "asan", "tsan"]
