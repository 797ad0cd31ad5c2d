"""What the benchmark measures, and in which order."""

from __future__ import annotations

from itertools import groupby

from muxlab.bench.model import Part, Step
from muxlab.bench.plan import FULL, QUICK, effort, scenes, server_steps, wakeup_plan
from muxlab.bench.subjects import FLOORS, LABS, SERVERS

FILES = 20_000


def echo_steps() -> list[Step]:
    return server_steps(scenes([Part.ECHO], FULL, FILES), SERVERS, FULL.rounds, quick=False)


def test_rounds_are_interleaved() -> None:
    numbers = [number for number, _ in groupby(step.round for step in echo_steps())]
    assert numbers == list(range(FULL.rounds)), "every scene and subject has its turn before the next round begins"


def test_more_rounds_change_nothing_else() -> None:
    assert effort(quick=False, rounds=None) == FULL
    assert effort(quick=True, rounds=30).rounds == 30
    assert effort(quick=True, rounds=30).seconds == QUICK.seconds


def test_a_scene_goes_through_all_subjects_before_the_next_scene() -> None:
    first_round = [step for step in echo_steps() if step.round == 0]
    names = [name for name, _ in groupby(step.scene for step in first_round)]
    assert len(names) == len(set(names))
    first_scene = [step.subject for step in first_round if step.scene == names[0]]
    assert first_scene == [subject.id for subject in SERVERS]


def test_no_step_is_there_twice() -> None:
    steps = server_steps(scenes(list(Part), FULL, FILES), SERVERS, FULL.rounds, quick=False)
    assert len(steps) == len(set(steps))


def test_what_is_exact_is_counted_once_and_first() -> None:
    steps = server_steps(scenes([Part.ECHO, Part.COUNT], FULL, FILES), LABS, FULL.rounds, quick=False)
    kinds = [kind for kind, _ in groupby(step.scene == "count" for step in steps)]
    assert kinds == [True, False]
    assert {step.round for step in steps if step.scene == "count"} == {0}


def test_every_mechanism_is_measured_as_the_goals_ask() -> None:
    asked = {(scene.connections, scene.size, scene.depth) for scene in scenes([Part.ECHO], FULL, FILES)}
    assert asked == {(n, size, depth) for n in (1, 50, 1_000) for size in (64, 1_024, 16_384) for depth in (1, 16)}


def test_lab_01_is_spared_what_select_cannot_do() -> None:
    steps = server_steps(scenes([Part.IDLE], FULL, FILES), SERVERS, 1, quick=False)
    assert {step.scene for step in steps if step.subject == "01_select"} == {"idle-0", "idle-100", "idle-900"}
    assert "idle-18000" in {step.scene for step in steps if step.subject == "floor_select"}


def test_crowds_are_no_larger_than_the_limit_of_open_files() -> None:
    found = [scene.idle for scene in scenes([Part.IDLE], FULL, 4_096)]
    assert found == [0, 100, 900, 3_986]


def test_a_quick_run_counts_the_labs_and_their_floors_only() -> None:
    steps = server_steps(scenes([Part.COUNT], QUICK, FILES), SERVERS, 1, quick=True)
    assert {step.subject for step in steps} >= {lab.id for lab in LABS}
    assert not any(step.subject.startswith("peer_") for step in steps)


def test_a_floor_is_its_own_and_every_other_has_one() -> None:
    floors = {floor.id for floor in FLOORS}
    assert all(floor.floor == floor.id for floor in FLOORS)
    assert all(subject.floor in floors for subject in SERVERS)


def test_waking_is_planned_from_what_the_program_lists() -> None:
    names = ["epoll/pipe/real_time", "loop/libuv/real_time", "loop/asio/real_time", "holds/pipe/iterations:1"]
    found, subjects, steps = wakeup_plan(names, 2, can_trace=True)
    assert [scene.id for scene in found] == ["wakeup-epoll", "wakeup-loop", "wakeup-holds", "wakeup-calls"]
    assert {subject.id: subject.kind for subject in subjects} == {"pipe": "channel", "libuv": "loop", "asio": "loop"}
    assert [(step.scene, step.subject) for step in steps if step.round == 1] == [
        ("wakeup-epoll", "pipe"),
        ("wakeup-loop", "libuv"),
        ("wakeup-loop", "asio"),
    ]
    assert [step.subject for step in steps if step.scene == "wakeup-calls"] == ["libuv", "asio"]


def test_without_strace_no_call_is_counted() -> None:
    found, _, steps = wakeup_plan(["loop/libuv/real_time"], 1, can_trace=False)
    assert "wakeup-calls" not in {scene.id for scene in found} | {step.scene for step in steps}
