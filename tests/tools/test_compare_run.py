"""compare itself, on the labs that are built here: a quick run, and what happens when something is missing."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from muxlab.cli import main
from muxlab.compare import command, server_metrics, server_table, waker_metrics, waker_table
from muxlab.compare.cpu import cpu_ns
from muxlab.compare.model import Cell, Missing, Number, Numbers, Text
from muxlab.compare.ports import local_ports, ports_of
from muxlab.compare.storage import load
from muxlab.errors import MuxlabError
from muxlab.project import Project, find_lab
from muxlab.strace.run import why_not

QUICK = server_table.Effort(idle=20, stop_at=30, rounds=1, turns=2, bursts=2, files=1024)


def folder_with(*programs: str) -> Path:
    for preset in ("release", "dev"):
        folder = Project.here().build_dir(preset) / "bin"
        if all((folder / program).exists() for program in programs):
            return folder
    pytest.skip(f"not built here: {', '.join(programs)}")


def needs_strace() -> None:
    if reason := why_not():
        pytest.skip(reason)


def value(cell: Cell) -> float:
    assert isinstance(cell, Number), cell
    return cell.value


def values(cell: Cell) -> list[float]:
    assert isinstance(cell, Numbers), cell
    return [part.value for part in cell.parts]


def test_level_and_edge_triggered_side_by_side(tmp_path: Path) -> None:
    needs_strace()
    labs = [find_lab("01"), find_lab("03"), find_lab("04")]
    programs = folder_with(*(lab.folder for lab in labs))
    table, failures = server_table.measure(labs, programs, QUICK, tmp_path, "", lambda news: None)
    assert failures == []
    assert not table.missing()

    def of(metric: str) -> list[Cell]:
        return list(table.row(metric).cells)

    assert [value(cell) for cell in of("calls_per_message")] == [3, 3, 4]
    assert [values(cell) for cell in of("calls_per_message_by_kind")] == [[1, 1, 1, 0], [1, 1, 1, 0], [1, 2, 1, 0]]
    assert [value(cell) for cell in of("wakeups_for_10_kb")] == [10, 10, 1]
    assert [value(cell) for cell in of("receives_for_10_kb")] == [10, 10, 11]
    assert [value(cell) for cell in of("epoll_ctl_per_connection")] == [0, 1, 1]
    assert values(of("bytes_copied_per_wait")[0]) == [16, 16]
    assert values(of("bytes_copied_per_wait")[1])[0] == 0
    assert of("reported_for_fin") == [Text("readable"), Text("IN"), Text("IN OUT")]
    assert of("reported_for_rst") == [Text("readable"), Text("IN ERR HUP"), Text("IN OUT ERR HUP")]
    assert all(isinstance(cell, Number) and cell.at_least and cell.value == 30 for cell in of("most_clients"))
    assert all(value(cell) > 0 for cell in of("cpu_per_message"))


def test_without_strace_the_rest_goes_on(tmp_path: Path) -> None:
    labs = [find_lab("02")]
    programs = folder_with("02_poll")
    reason = "strace is missing (apt install strace)"
    table, failures = server_table.measure(labs, programs, QUICK, tmp_path, reason, lambda news: None)
    assert failures == []
    assert table.missing() == [reason]
    for metric in server_metrics.COUNTED:
        assert table.cell(metric.id, "02_poll") == Missing(reason)
    assert value(table.cell("most_clients", "02_poll")) == 30


def broken_server(folder: Path, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / "02_poll"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


def test_a_server_that_does_not_start_is_named_and_spoils_no_other_column(tmp_path: Path) -> None:
    programs = broken_server(tmp_path / "bin", "echo out of order >&2; exit 1")
    (programs / "03_epoll_lt").symlink_to(folder_with("03_epoll_lt") / "03_epoll_lt")
    labs = [find_lab("02"), find_lab("03")]
    reason = "not asked"
    table, failures = server_table.measure(labs, programs, QUICK, tmp_path, reason, lambda news: None)
    assert failures == ["02_poll did not start (exit code 1): out of order"]
    assert isinstance(table.cell("most_clients", "02_poll"), Missing)
    assert isinstance(table.cell("cpu_per_message", "02_poll"), Missing)
    assert value(table.cell("most_clients", "03_epoll_lt")) == 30
    assert value(table.cell("cpu_per_message", "03_epoll_lt")) > 0


def test_the_wakers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_strace()
    probe = folder_with("waker_probe") / "waker_probe"
    quick = ("eventfd", "eventfd-edge", "socketpair", "pipe")  # filling the TCP waker takes seconds
    monkeypatch.setattr(waker_table, "WAKERS", quick)
    table, failures = waker_table.measure(probe, 2, tmp_path, "", lambda news: None)
    assert failures == []

    def of(metric: str) -> list[Cell]:
        return list(table.row(metric).cells)

    assert [value(cell) for cell in of("descriptors")] == [1, 1, 2, 2]
    assert [value(cell) for cell in of("ports")] == [0, 0, 0, 0]
    assert [value(cell) for cell in of("calls_per_burst")] == [3, 2, 3, 3]
    assert [value(cell) for cell in of("calls_per_burst_bare")] == [1002, 1001, 1002, 1002]
    assert [value(cell) for cell in of("capacity")][:2] == [2**64 - 2, 2**64 - 2]
    assert all(value(cell) > 100 for cell in of("capacity")[2:])
    assert of("when_full")[1] == Text("EAGAIN, not heard")
    assert {cell for cell in of("when_full") if isinstance(cell, Text)} == {
        Text("EAGAIN, still heard"),
        Text("EAGAIN, not heard"),
    }


def test_a_probe_that_is_missing_or_fails_leaves_holes(tmp_path: Path) -> None:
    probe = tmp_path / "waker_probe"
    probe.write_text("#!/bin/sh\necho no descriptors left >&2; exit 1\n")
    probe.chmod(0o755)
    table, failures = waker_table.measure(probe, 2, tmp_path, "no strace", lambda news: None)
    assert failures[0] == "waker_probe eventfd failed: no descriptors left"
    assert all(isinstance(table.cell(metric.id, "pipe"), Missing) for metric in waker_metrics.ALL)


def test_the_command_writes_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_with("04_epoll_et")
    built: list[Sequence[str]] = []
    monkeypatch.setattr(command, "build", lambda project, preset, targets: built.append(targets))
    monkeypatch.setattr(command, "PRESET", folder_with("04_epoll_et").parent.name)
    monkeypatch.setattr(command, "why_not", lambda: "strace is not asked here")
    monkeypatch.setattr(server_table.Effort, "choose", lambda quick, labs, files: QUICK)
    path = tmp_path / "report.json"
    monkeypatch.setattr(command, "make_page", lambda *_: ["the page was asked for"])  # the user's own stays as it is
    assert main(["compare", "--quick", "--labs", "04", "--json", str(path)]) == 1
    assert built == [["04_epoll_et", "00_readiness"]]
    out, said = capsys.readouterr()
    assert "the page was asked for" in said
    assert "04 epoll ET" in out
    assert "30+" in out
    assert "not measured: strace is not asked here" in out
    report = load(path)
    assert report.conditions.quick
    assert report.machine.kernel == f"Linux {os.uname().release}"
    assert [table.id for table in report.tables] == ["servers"]


@pytest.mark.parametrize("labs", ["00", "17", "01,x"])
def test_wrong_labs_are_refused(labs: str) -> None:
    with pytest.raises(MuxlabError, match="choose"):
        command.parse_labs(Project.here(), labs)


def test_a_file_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    assert main(["compare", "--json", str(tmp_path / "no" / "folder.json")]) == 1


def test_ports_are_found_by_the_inode() -> None:
    lines = [
        "   0: 0100007F:9C40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0",
        "   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0",
        "   2: short",
    ]
    assert local_ports(lines, {4711}) == {40000}
    assert local_ports(lines, {4711, 4712}) == {40000, 8080}
    assert local_ports(lines, set()) == set()


def test_our_own_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert listener.getsockname()[1] in ports_of(os.getpid())


def test_processor_time_only_grows() -> None:
    before = cpu_ns(os.getpid())
    assert before > 0
    assert cpu_ns(os.getpid()) >= before
