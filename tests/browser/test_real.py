"""What the page shows of a real server is what the kernel says: fdinfo at the same instant, and strace's own line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from browser_stage import Screen, Visit
from muxlab.process import Server
from muxlab.project import Project, find_lab
from muxlab.report.model import Contents
from muxlab.report.page import write
from muxlab.scenarios.catalogue import Scenario
from muxlab.scenarios.stage import Stage
from muxlab.strace.run import why_not
from muxlab.trace.command import record_lab
from muxlab.trace.storage import as_json

EVENTS = {"IN": 0x1, "PRI": 0x2, "OUT": 0x4, "RDHUP": 0x2000, "ONESHOT": 1 << 30, "ET": 1 << 31}
UNASKED = 0x8 | 0x10  # ERR and HUP: the kernel adds them to every mask

Interest = Mapping[int, int]
"""Descriptor → event mask."""


def program(lab: str) -> Path:
    if reason := why_not():
        pytest.skip(reason)
    found = [Project.here().build_dir(preset) / "bin" / find_lab(lab).folder for preset in ("dev", "release")]
    built = [path for path in found if path.exists()]
    if not built:
        pytest.skip(f"{found[0].name} is not built here")
    return built[0]


def recorded(lab: str, script: Callable[[Stage], None], folder: Path) -> str:
    """The page of one server under these clients; returns its address."""
    scenario = Scenario("real", "Real", "A real server.", script)
    trace = as_json(record_lab(Project.here(), find_lab(lab), scenario, program(lab)))
    write(Contents(traces=[trace]), folder / "index.html")
    return (folder / "index.html").as_uri()


def some_clients(look: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Looks at the server each time it rests."""

    def script(stage: Stage) -> None:
        stage.beat()
        look(stage)
        a, b = stage.connect("A"), stage.connect("B")
        stage.beat()
        look(stage)
        a.send(b"hello\n")
        b.send(b"hello, too\n")
        stage.beat()
        look(stage)
        a.close()
        stage.beat()
        look(stage)
        stage.connect("C").send(b"a new client\n")
        stage.beat()
        look(stage)
        b.close()
        stage.beat()

    return script


@pytest.mark.parametrize("lab", ["03", "04"])
def test_the_interest_list_is_the_kernels(visit: Callable[..., Visit], tmp_path: Path, lab: str) -> None:
    kernels: list[Interest] = []

    def look(stage: Stage) -> None:
        assert isinstance(stage.server, Server)
        kernels.append(interest_of(stage.server.pid))

    seen = visit(Screen.LAPTOP, recorded(lab, some_clients(look), tmp_path))
    moments = seen.page.locator(".moment").evaluate_all("them => them.map((one) => Number(one.dataset.tick))")
    assert len(kernels) == 5
    for tick, kernel in zip(moments, kernels, strict=False):
        seen.go(tick)
        assert shown_interest(seen) == kernel


def test_the_bits_of_select_are_those_in_straces_line(visit: Callable[..., Visit], tmp_path: Path) -> None:
    seen = visit(Screen.LAPTOP, recorded("01", some_clients(lambda _: None), tmp_path))
    compared = 0
    for tick in range(seen.last() + 1):
        seen.go(tick)
        line = seen.page.locator(".line").inner_text()
        found = re.match(r"p?select6?\((\d+), \[([\d ]*)\], \[([\d ]*)\],.*\) = \d+ \(in \[([\d ]*)\]\)$", line)
        if not found:
            continue
        nfds, readable, _, told = found.groups()
        rows = seen.page.locator(".bits tbody").first.locator("tr").filter(has=seen.page.locator("td"))
        asked, answer = (row.split()[1:] for row in rows.all_inner_texts())
        assert len(asked) == int(nfds)
        assert members(asked) == numbers(readable)
        assert members(answer) == numbers(told)
        compared += 1
    assert compared >= 4


def interest_of(pid: int) -> Interest:
    [epoll] = [
        link.name for link in Path(f"/proc/{pid}/fd").iterdir() if str(link.readlink()) == "anon_inode:[eventpoll]"
    ]
    text = Path(f"/proc/{pid}/fdinfo/{epoll}").read_text()
    found = re.findall(r"^tfd:\s+(\d+) events:\s+([0-9a-f]+)", text, re.MULTILINE)
    return {int(fd): int(mask, 16) & ~UNASKED for fd, mask in found}


def shown_interest(seen: Visit) -> Interest:
    chips = seen.page.locator(".part").first.locator(".chip")
    return {
        int(chip.locator(".fd").inner_text().split()[0]): sum(
            EVENTS[name] for name in chip.locator(".events").inner_text().split()
        )
        for chip in chips.all()
    }


def members(bits: list[str]) -> set[int]:
    return {fd for fd, text in enumerate(bits) if text == "1"}


def numbers(text: str) -> set[int]:
    return {int(word) for word in text.split()}
