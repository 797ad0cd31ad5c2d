"""Real servers under strace: what the trace says is what the kernel and strace say, at the same instant."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from muxlab.scenarios.catalogue import COMPARED, SCENARIOS, Scenario
from muxlab.scenarios.stage import Stage
from muxlab.trace.model import Step, Trace, Transfer, WaitEnter, WaitReturn
from trace_stage import needs, of_kind, record_command, record_lab, record_selectors

LABS = ("01", "02", "03", "04", "05")
BITS = {0x1: "IN", 0x4: "OUT", 0x2000: "RDHUP", 1 << 31: "ET", 1 << 30: "ONESHOT", 1 << 28: "EXCLUSIVE"}
ALWAYS = 0x18  # ERR and HUP: the kernel adds them by itself

Lists = dict[int, dict[int, set[str]]]
"""By epoll descriptor: what it watches, and for what."""


def kernel_lists(pid: int) -> Lists:
    """/proc/PID/fdinfo of every epoll descriptor: 'tfd:        5 events:       19 data: …'."""
    found: Lists = {}
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        if "eventpoll" in str(Path(f"/proc/{pid}/fd/{info.name}").readlink()):
            lines = re.findall(r"^tfd: +(\d+) events: +([0-9a-f]+)", info.read_text(), re.MULTILINE)
            found[int(info.name)] = {int(fd): names_of(int(events, 16)) for fd, events in lines}
    return found


def names_of(events: int) -> set[str]:
    assert not events & ~ALWAYS & ~sum(BITS)
    return {name for bit, name in BITS.items() if events & bit}


def traced_lists(trace: Trace, beat: int) -> Lists:
    """What each sleeping epoll_wait waits for at the end of a beat."""
    found: Lists = {}
    for step in of_kind(trace.steps, "wait_enter"):
        if step.beat <= beat and step.fd is not None and isinstance(step.detail, WaitEnter):
            found[step.fd] = {one.fd: set(one.events) for one in step.detail.interest}
    return found


def watched_scenario(seen: list[Lists]) -> Scenario:
    """Clients come, go and dawdle; after each barrier somebody looks what the kernel has."""

    def play(stage: Stage) -> None:
        def look() -> None:
            stage.beat()
            seen.append(kernel_lists(stage.server.pid))

        look()
        a = stage.connect("A", narrow=True)
        b = stage.connect("B")
        look()
        a.send_all_it_takes(512 * 1024)
        look()
        b.close()
        look()
        c = stage.connect("C")
        look()
        a.reset()
        c.send(b"hello\n")
        look()

    return Scenario("watched", "Watched", "The interest lists.", play)


@pytest.mark.parametrize("server", ["03", "04", "05", "selectors"])
def test_the_interest_list_is_the_one_that_the_kernel_has(server: str) -> None:
    seen: list[Lists] = []
    scenario = watched_scenario(seen)
    trace = record_selectors(scenario) if server == "selectors" else record_lab(server, scenario)
    assert len(seen) == 6
    assert any(len(watched) > 2 for lists in seen for watched in lists.values()), "something must have been watched"
    for beat, lists in enumerate(seen):
        assert traced_lists(trace, beat) == lists, f"at the end of beat {beat}"


def set_members(text: str) -> list[int]:
    """'[3<TCP:[127.0.0.1:80]> 5<anon_inode:[eventfd]>]' → 3 and 5."""
    return [int(fd) for fd in re.findall(r"(\d+)<", text)]


def test_the_bits_of_select_are_those_that_strace_printed(tmp_path: Path) -> None:
    kept = tmp_path / "strace"
    trace = record_lab("01", "slow-reader", keep=kept)
    calls = re.findall(
        r"pselect6\((\d+), (\[.*?>\]|NULL), (\[.*?>\]|\[\]|NULL), (?:NULL|\[.*?\]), .*\) += (-?\d+|\?)(?: \((.*)\))?",
        kept.read_text(encoding="latin-1"),
    )
    entered, returned = of_kind(trace.steps, "wait_enter"), of_kind(trace.steps, "wait_return")
    assert len(calls) == len(entered) == len(returned) > 10
    written = 0
    for (nfds, readable, writable, result, told), before, after in zip(calls, entered, returned, strict=True):
        assert isinstance(before.detail, WaitEnter)
        assert isinstance(after.detail, WaitReturn)
        assert before.detail.nfds == int(nfds)
        assert with_bit(before.detail.interest, "IN") == set_members(readable)
        assert with_bit(before.detail.interest, "OUT") == set_members(writable)
        answer = dict(re.findall(r"(in|out) \[([^\]]*)\]", told))
        assert with_bit(after.detail.ready, "IN") == [int(fd) for fd in answer.get("in", "").split()]
        assert with_bit(after.detail.ready, "OUT") == [int(fd) for fd in answer.get("out", "").split()]
        if result != "?":
            assert after.detail.result == int(result)
        written += bool(writable != "[]" and "out" in answer)
    assert written, "the slow reader must have made the server ask for writability"


def with_bit(entries: object, bit: str) -> list[int]:
    assert isinstance(entries, tuple)
    return sorted(one.fd for one in entries if bit in one.events)


@pytest.mark.parametrize("lab", LABS)
def test_hello_is_the_same_round_in_every_lab(lab: str) -> None:
    trace = record_lab(lab, "hello")
    assert not trace.unknown
    extra = ["recv"] if lab == "04" else []  # edge-triggered: until EAGAIN
    served_once = ["wait_return", "recv", "send", *extra, "wait_enter"]
    # Not beat by beat: what A does may wake the server before A has noted that it has done it.
    kinds = [step.kind for step in trace.steps]
    after = kinds[kinds.index("send") - 2 :]
    assert after[: len(served_once)] == served_once
    assert kinds.count("accept") == 2
    assert "close" in after
    assert kinds[-1] == "exit"
    (connection,) = [one for one in trace.descriptors if one.client == "A"]
    received, sent = of_kind(trace.steps, "recv", "send")[:2] if lab != "04" else served(trace)
    for step in (received, sent):
        assert isinstance(step.detail, Transfer)
        assert (step.descriptor, step.detail.bytes, step.detail.text) == (connection.id, 6, "hello\\n")
    assert [action.text for action in trace.clients] == [
        "A connects",
        "A sends 6 bytes",
        "A receives 6 bytes",
        "A closes",
        "the server is told to stop: SIGTERM",
    ]
    assert [action.beat for action in trace.clients] == [1, 2, 3, 3, 4]


def served(trace: Trace) -> list[Step]:
    return [step for step in of_kind(trace.steps, "recv", "send") if step.errno is None][:2]


@pytest.mark.parametrize("lab", LABS)
def test_every_call_of_a_lab_has_its_line(lab: str) -> None:
    trace = record_lab(lab, "hello")
    for step in of_kind(trace.steps, "wait_return", "accept", "recv", "send", "ctl"):
        frame = next(one for one in step.stack if one.file.startswith("labs/"))
        line = trace.sources[frame.file].splitlines()[frame.line - 1]
        if step.kind == "wait_return":
            assert re.search(r"::(select|poll|epoll_wait)\(", line), line
        if step.kind == "accept":
            assert ".accept(" in line
        if step.kind in ("recv", "send"):
            assert re.search(r"\.(readSome|writeSome)\(", line), line
        if step.kind == "ctl":
            assert "::epoll_ctl(" in line


def plays_to_its_end(scenario: Scenario) -> None:
    """In one of its labs: another one for each scenario."""
    trace = record_lab(scenario.labs[SCENARIOS.index(scenario) % len(scenario.labs)], scenario)
    assert not trace.unknown
    assert not any("come to rest" in action.text for action in trace.clients)
    assert of_kind(trace.steps, "exit")[-1].line == "ended: exit code 0"
    assert trace.clients[-1].text == "the server is told to stop: SIGTERM"
    named = {one.client for one in trace.descriptors} - {None}
    assert named, "connections must be told apart"


@pytest.mark.parametrize("scenario", COMPARED, ids=lambda one: one.id)
def test_every_scenario_of_the_page_plays_to_its_end(scenario: Scenario) -> None:
    plays_to_its_end(scenario)


@pytest.mark.ci
@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if not one.compared], ids=lambda one: one.id)
def test_every_scenario_of_a_card_plays_to_its_end(scenario: Scenario) -> None:
    plays_to_its_end(scenario)


def test_what_happens_while_a_server_is_held_it_finds_in_one_turn() -> None:
    trace = record_lab("02", "one-turn")
    told = [step.detail.ready for step in of_kind(trace.steps, "wait_return") if isinstance(step.detail, WaitReturn)]
    assert [["IN"], ["IN"], ["IN", "OUT"]] in [sorted(sorted(one.events) for one in ready) for ready in told]


def test_what_is_stolen_was_ready_and_is_not_there() -> None:
    trace = record_lab("03", "gone")
    for kind in ("recv", "accept"):
        after = [two.errno for one, two in pairwise(trace.steps) if one.kind == "wait_return" and two.kind == kind]
        assert "EAGAIN" in after


def test_the_same_scenario_has_the_same_beats_in_every_server() -> None:
    diaries = []
    for trace in (record_lab("01", "two-clients"), record_lab("05", "two-clients"), record_selectors("two-clients")):
        diaries.append([(action.client, action.action, action.bytes, action.beat) for action in trace.clients])
    assert diaries[0] == diaries[1] == diaries[2]


def test_select_hangs_up_beyond_fd_setsize_and_epoll_does_not() -> None:
    for lab, served_too in (("01", False), ("03", True)):
        trace = record_lab(lab, "fd-setsize")
        numbers = [one.fd for one in trace.descriptors if one.client]
        assert max(numbers) >= 1024
        (last,) = [action for action in trace.clients if action.client == "T" and action.action == "receives"]
        assert last.bytes == (7 if served_too else 0)


def test_running_out_of_descriptors_is_seen() -> None:
    trace = record_lab("02", "out-of-descriptors")
    assert "EMFILE" in {step.errno for step in of_kind(trace.steps, "accept")}
    receives = {action.client: action.bytes for action in trace.clients if action.action == "receives"}
    assert receives["A"] == 6
    assert receives["F"] == 15


def test_a_server_in_another_language() -> None:
    trace = record_selectors("hello", stacks=True)
    assert (trace.program.lab, trace.program.mechanism) == (None, "epoll")
    kinds = [step.kind for step in trace.steps]
    assert kinds[kinds.index("send") - 2 :][:4] == ["wait_return", "recv", "send", "wait_enter"]
    # Some builds of Python have debug information, and then their own sources are shown.
    assert any(step.stack for step in trace.steps) != any("no debug information" in line for line in trace.omitted)


def test_a_server_from_a_distribution_package() -> None:
    needs("socat")
    trace = record_command("socat TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr PIPE", "two-clients")
    assert trace.program.name == "socat"
    assert trace.program.mechanism in ("select", "poll")
    receives = {(action.client, action.bytes) for action in trace.clients if action.action == "receives"}
    assert receives >= {("A", 4), ("A", 6), ("B", 20), ("B", 5), ("B", 11)}
    by_client = {one.client: one.pid for one in trace.descriptors if one.client}
    assert len(set(by_client.values())) >= 1
    assert len(trace.threads) >= 3, "one process for each client"
