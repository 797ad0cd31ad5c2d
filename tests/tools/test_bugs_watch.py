"""./muxlab bug watch: where a broken server and a fixed one part, what is printed of it, and what the page is given."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bugs_stage import HEAD, ONCE, Workshop
from muxlab.bugs.card import Card, find_card
from muxlab.bugs.part import TURNS, Parting, parting, where_it_goes_wrong
from muxlab.bugs.show_watch import MARK, print_pair
from muxlab.bugs.watch import KEPT, Pair, as_if_in_place, prepare_pairs, record_pair, save_pair, source_folder
from muxlab.errors import MuxlabError
from muxlab.project import Project
from muxlab.report.storage import Store, load_trace
from muxlab.scenarios.catalogue import find_scenario
from muxlab.trace.model import (
    ClientAction,
    Detail,
    Frame,
    Kind,
    Machine,
    Play,
    Program,
    Ready,
    Step,
    Trace,
    Transfer,
    WaitEnter,
    WaitReturn,
)
from stage import Tree
from trace_stage import lab_program, needs_strace

Made = tuple[Kind, Detail | None]


def asks(*fds: int) -> Made:
    return "wait_enter", WaitEnter(tuple(Ready(fd, None, ("IN",)) for fd in fds), None, None, None)


def told(*fds: int) -> Made:
    return "wait_return", WaitReturn(tuple(Ready(fd, None, ("IN",)) for fd in fds), (), False, len(fds))


def takes(asked: int, got: int) -> Made:
    return "recv", Transfer(asked, got, "")


def step(
    place: int, made: Made | tuple[Kind, Detail | None, int], tid: int = 1, file: str = "labs/x.cpp", fd: int = 7
) -> Step:
    kind, detail, beat = made if len(made) == 3 else (*made, 1)
    return Step(
        place, place / 10, 0.0, tid, beat, kind, kind, fd, None, f"{kind}() = 0", (Frame("f", file, 3),), detail=detail
    )


def early(made: Made) -> tuple[Kind, Detail | None, int]:
    """Before any client has come."""
    return *made, 0


def trace(
    *made: Made | tuple[Kind, Detail | None, int], more: Sequence[Step] = (), found: str = "A receives 6 bytes"
) -> Trace:
    return Trace(
        program=Program("04_epoll_et", "04", "epoll", ()),
        scenario=Play("hello", "One client says hello", "What to watch."),
        machine=Machine("Linux", "6.1", "a CPU"),
        seconds=1.0,
        clients=(
            ClientAction(0, 0.0, "A", "connects", None, "A connects", 1),
            ClientAction(1, 0.9, "A", "receives", 6, found, 2),
        ),
        threads=(),
        descriptors=(),
        steps=(*(step(place, one) for place, one in enumerate(made)), *more),
    )


@pytest.fixture
def card(tmp_path: Path) -> Card:
    head = HEAD.replace("Fix:", "Scenario: hello\nFix:")
    return Workshop(tmp_path).card("et-single-read", ONCE, head, "04_epoll_et")


def pair(card: Card, broken: Trace, fixed: Trace) -> Pair:
    return Pair(card, find_scenario("hello"), broken, fixed, where_it_goes_wrong(broken, fixed))


def test_two_that_do_the_same_do_not_part() -> None:
    made = (asks(3), told(3), takes(10, 6))
    assert parting(trace(*made), trace(*made)) is None


def test_they_part_at_the_first_call_that_is_not_the_same() -> None:
    found = parting(trace(asks(3), told(3), asks(3)), trace(asks(3), told(3), takes(10, 6), asks(3)))
    assert found
    assert (found.broken, found.fixed) == (2, 2)


def test_a_question_that_leaves_somebody_out_is_another_call() -> None:
    found = parting(trace(asks(3), told(3)), trace(asks(3, 5), told(3)))
    assert found
    assert (found.broken, found.fixed) == (0, 0)


def test_a_few_bytes_more_are_no_difference_but_nothing_and_everything_are() -> None:
    assert parting(trace(takes(10, 6)), trace(takes(10, 7))) is None
    assert parting(trace(takes(10, 0)), trace(takes(10, 7)))
    assert parting(trace(takes(10, 10)), trace(takes(10, 7)))


def test_a_server_that_says_no_more_has_parted_where_the_other_goes_on() -> None:
    found = parting(trace(asks(3)), trace(asks(3), told(3)))
    assert found
    assert (found.broken, found.fixed) == (None, 1)


def test_what_threads_do_at_once_has_no_order() -> None:
    one, other = step(1, asks(3), tid=1), step(1, asks(5), tid=2)
    assert parting(trace(more=[one, other]), trace(more=[other, one])) is None


def test_a_thread_is_known_by_what_it_waits_at_not_by_when_it_was_first_seen() -> None:
    def seen(first: int, second: int) -> Trace:
        return trace(asks(3), more=[step(1, asks(4), 2, fd=first), step(2, asks(4), 3, fd=second)])

    assert parting(seen(8, 10), seen(10, 8)) is None
    found = parting(seen(8, 10), seen(10, 9))
    assert found
    assert (found.broken, found.fixed) == (1, None)


def test_a_server_that_spins_long_after_they_part_goes_wrong_where_it_begins_to() -> None:
    fixed = trace(asks(3), told(3), takes(10, 6), asks(3))
    turn = [asks(3), told(3)]
    work = [takes(size, 5) for size in range(10, 20)]
    broken = trace(asks(3), told(3), *work, *(turn * (TURNS + 1)))
    found = where_it_goes_wrong(broken, fixed)
    assert found
    assert (found.broken, found.fixed) == (2 + len(work), 3)
    at_once = trace(asks(3), told(3), *(turn * (TURNS + 1)))
    assert where_it_goes_wrong(at_once, fixed) == parting(at_once, fixed)
    few = trace(asks(3), told(3), takes(10, 6), *(turn * (TURNS // 2)))
    assert where_it_goes_wrong(few, fixed) == parting(few, fixed)


def test_news_that_one_is_told_in_two_parts_are_not_where_a_spin_goes_wrong() -> None:
    """Two segments are one event or two, as luck will have it: here the second of them finds nothing left to read."""
    twice = (told(4), takes(10, 0), asks(3))
    broken = trace(asks(3), told(3), takes(10, 6), *[takes(10, 0)] * 2 * TURNS)
    fixed = trace(asks(3), *twice, told(3), takes(10, 6), takes(10, 0), asks(3))
    assert parting(broken, fixed) == Parting(1, 1, 1)
    found = where_it_goes_wrong(broken, fixed)
    assert found
    assert found.broken == 4
    assert found.fixed
    assert fixed.steps[found.fixed - 1].kind == "recv"


def test_a_server_that_sleeps_in_a_call_that_is_no_wait_goes_wrong_there() -> None:
    fixed = trace(asks(3), told(3), takes(10, 6), takes(10, 0), asks(3))
    asleep = replace(step(3, ("recv", Transfer(10, None, ""))), line="recvfrom(7, ")
    found = where_it_goes_wrong(trace(asks(3), told(3), takes(9, 6), more=[asleep]), fixed)
    assert found
    assert (found.broken, found.fixed) == (3, 3)


def test_to_ask_for_more_is_not_yet_wrong_but_to_be_told_of_it_is() -> None:
    fixed = trace(early(asks(3)), told(3), asks(3))
    broken = trace(early(asks(3, 4)), told(3), takes(10, 6))
    found = where_it_goes_wrong(broken, fixed)
    assert found
    assert (found.broken, found.fixed) == (2, 2)
    nothing_else = where_it_goes_wrong(trace(early(asks(3, 4)), told(3)), trace(early(asks(3)), told(3)))
    assert nothing_else
    assert (nothing_else.broken, nothing_else.fixed) == (0, 0)


def test_a_thread_that_does_nothing_until_it_is_told_to_stop_has_done_nothing_more() -> None:
    told_to_stop = replace(step(1, ("signal", None)), call="SIGTERM", beat=2)
    found = parting(trace(asks(3), more=[told_to_stop]), trace(asks(3), told(3)))
    assert found
    assert (found.broken, found.fixed) == (None, 1)


def test_where_both_do_the_same_the_flags_of_a_descriptor_tell_them_apart() -> None:
    def opens(flags: str) -> Step:
        return replace(step(1, ("open", None)), line=f"epoll_create1({flags}) = 7")

    broken, fixed = (trace(asks(3), more=[opens(flags), step(2, asks(3))]) for flags in ("0", "EPOLL_CLOEXEC"))
    assert parting(broken, fixed) is None
    found = where_it_goes_wrong(broken, fixed)
    assert found
    assert (found.broken, found.fixed) == (1, 1)


def test_a_card_may_say_from_which_beat_on_to_look() -> None:
    broken, fixed = (
        trace(asks(3), takes(size, 6), asks(3), more=[step(3, told(3)), replace(step(4, made), beat=5)])
        for size, made in ((9, takes(10, 6)), (10, asks(3)))
    )
    found = where_it_goes_wrong(broken, fixed, since=5)
    assert found
    assert (found.broken, found.fixed) == (4, 4)


def test_all_that_came_and_less_are_two_things_to_send_but_what_was_left_over_is_one() -> None:
    def sends(asked: int) -> Made:
        return "send", Transfer(asked, asked, "")

    came = asks(3), takes(100, 20)
    assert parting(trace(*came, sends(20)), trace(*came, sends(5)))
    assert parting(trace(*came, sends(20), sends(7)), trace(*came, sends(20), sends(8))) is None


def test_the_listing_shows_both_and_what_the_clients_found(card: Card) -> None:
    broken = trace(asks(3), told(3), asks(3), found="A receives nothing, where 6 bytes had been sent")
    out = io.StringIO()
    print_pair(Console(file=out, width=200), pair(card, broken, trace(asks(3), told(3), takes(10, 6))))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert lines[0] == "04.et-single-read: it goes wrong"
    marked = [line for line in lines if line.startswith(MARK)]
    assert len(marked) == 2
    assert marked[0].endswith("wait_enter waits for 3:IN")
    assert "x.cpp:3" in marked[1]
    assert lines[-1] == "in the end, broken: A receives nothing, where 6 bytes had been sent"


def test_what_a_client_does_next_stands_between_the_calls(card: Card) -> None:
    """Else the broken server would seem to be told twice of the same bytes."""
    later: tuple[Kind, Detail | None, int] = (*told(3), 2)
    broken = trace(asks(3), told(3), asks(3), later, found="A receives nothing")
    out = io.StringIO()
    print_pair(Console(file=out, width=200), pair(card, broken, trace(asks(3), told(3), takes(10, 6))))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    place = lines.index("  ● A receives nothing")
    assert lines[place - 1].startswith(MARK)
    assert "wait_return" in lines[place + 1]


def test_two_calls_that_are_alike_in_words_are_shown_as_strace_printed_them(card: Card) -> None:
    broken, fixed = trace(asks(3)), trace(asks(3))
    one = replace(broken.steps[0], line="select(9, …)", detail=WaitEnter((), 9, None, None))
    other = replace(fixed.steps[0], line="select(4, …)", detail=WaitEnter((), 4, None, None))
    out = io.StringIO()
    both = pair(card, replace(broken, steps=(one,)), replace(fixed, steps=(other,)))
    print_pair(Console(file=out, width=200), both)
    assert "select(9, …)" in out.getvalue()
    assert "select(4, …)" in out.getvalue()


def test_the_page_is_told_where_to_pause_and_is_spared_the_rest_of_a_spin(card: Card, tmp_path: Path) -> None:
    store = Store(tmp_path / "report")
    broken = trace(asks(3), *([told(3)] * 5_000))
    save_pair(store, pair(card, broken, trace(asks(3), told(3), takes(10, 6))))
    saved = load_trace(store.bugs / "04_epoll_et.et-single-read.broken.json")
    assert saved["wrong"] == {"step": 2, "fixed": 2, "beat": 1}
    assert len(saved["steps"]) == 2 + KEPT
    assert saved["omitted"] == [f"cut after {2 + KEPT} steps: it goes on like that"]
    assert "wrong" not in json.loads((store.bugs / "04_epoll_et.et-single-read.fixed.json").read_text())


def test_the_changed_files_are_named_as_if_they_stood_in_the_lab(card: Card) -> None:
    folder = source_folder(card)
    made = trace(more=[step(0, asks(3), file=f"{folder}/labs/x.cpp"), step(1, asks(3), file="common/y.cpp")])
    moved = as_if_in_place(replace(made, sources={f"{folder}/labs/x.cpp": "broken", "common/y.cpp": "same"}), folder)
    assert [one.stack[0].file for one in moved.steps] == ["labs/x.cpp", "common/y.cpp"]
    assert moved.sources == {"labs/x.cpp": "broken", "common/y.cpp": "same"}


def test_a_mistake_that_no_scenario_shows_is_one_line(tree: Tree) -> None:
    tree.add_lab("01_select", {"bugs/one.patch": f"{HEAD}\n{ONCE}"})
    done = tree.run("bug", "watch", "one")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("muxlab: no scenario shows 01.one, but 01.two-words does: ./muxlab bug run 01.one\n")


def test_a_mistake_that_no_trace_can_show_says_why(tree: Tree) -> None:
    head = HEAD.replace("Fix:", "No trace: No system call tells.\nFix:")
    tree.add_lab("01_select", {"bugs/one.patch": f"{head}\n{ONCE}"})
    assert tree.run("bug", "watch", "one").stderr == (
        "muxlab: no trace shows 01.one: No system call tells. 01.two-words does: ./muxlab bug run 01.one\n"
    )


def test_a_card_of_this_project_is_recorded_with_the_mistake_and_without() -> None:
    needs_strace()
    lab_program("04")
    project = Project.here()
    card = find_card(project, "04.et-single-read")
    prepare_pairs(project, [card])
    both = record_pair(project, card)
    assert both.parting is not None
    assert both.parting.broken is not None
    assert both.parting.fixed is not None
    assert both.broken.steps[both.parting.broken].kind == "wait_enter"
    assert both.fixed.steps[both.parting.fixed].kind == "recv"
    assert any(one.text.startswith("A receives 1,024 bytes, where") for one in both.broken.clients)
    assert "labs/04_epoll_et/epoll_server.cpp" in both.broken.sources
    assert both.broken.sources != both.fixed.sources


def test_a_scenario_that_there_is_not_is_named(tmp_path: Path) -> None:
    odd = Workshop(tmp_path).card("one", ONCE, HEAD.replace("Fix:", "Scenario: helo\nFix:"))
    with pytest.raises(MuxlabError, match=r"^no scenario is called 'helo'"):
        record_pair(Project(tmp_path), odd)
