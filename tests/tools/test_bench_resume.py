"""A run takes long. One that was interrupted goes on where it was, and never with what another program measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench_stage import SCENES, SUBJECTS, FakeBench, Interruption
from muxlab.bench.journal import Journal, fingerprint
from muxlab.bench.model import Part, Sample, Scene, Step, Subject
from muxlab.bench.session import carry_out, collect, spoken, time_left
from muxlab.errors import MuxlabError

SCENE_BY_ID = {scene.id: scene for scene in SCENES}
SUBJECT_BY_ID = {subject.id: subject for subject in SUBJECTS}
STEPS = [Step("echo-50", subject.id, number) for number in range(2) for subject in SUBJECTS]


def run(fake: FakeBench, path: Path, programs: str = "same") -> list[Sample]:
    with Journal(path, programs) as journal:
        carry_out(fake.measure, STEPS, SCENE_BY_ID, SUBJECT_BY_ID, journal, lambda _: None)
        return journal.samples


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = FakeBench(interrupted_at=4)
    with pytest.raises(Interruption):
        run(first, path)
    second = FakeBench()
    samples = run(second, path)
    assert [*first.asked, *second.asked] == STEPS
    assert [sample.step for sample in samples] == STEPS


def test_a_line_that_was_cut_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    run(FakeBench(), path)
    path.write_text(path.read_text()[:-10])
    again = FakeBench()
    run(again, path)
    assert again.asked == STEPS[-1:]
    third = FakeBench()
    run(third, path)
    assert third.asked == []


@pytest.mark.parametrize("text", ["", "nonsense\n", '{"fingerprint": "another"}\n', "[]\n"])
def test_what_another_program_measured_is_forgotten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal"
    path.write_text(text)
    fake = FakeBench()
    assert len(run(fake, path)) == len(fake.asked) == len(STEPS)


def test_a_program_that_was_built_anew_is_another(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_bytes(b"one")
    before = fingerprint("plan", [program])
    assert fingerprint("plan", [program]) == before
    assert fingerprint("other plan", [program]) != before
    program.write_bytes(b"two")
    assert fingerprint("plan", [program]) != before


def test_a_finished_run_leaves_nothing_to_go_on_with(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", "x") as journal:
        journal.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_fails_costs_its_own_figures_only(tmp_path: Path) -> None:
    class Failing(FakeBench):
        def measure(self, step: Step, scene: Scene, subject: Subject) -> dict[str, float]:
            if step.subject == "peer":
                raise MuxlabError("it fell over")
            return super().measure(step, scene, subject)

    results = {result.subject: result for result in collect(run(Failing(), tmp_path / "journal"))}
    assert results["peer"].error == "it fell over"
    assert results["peer"].values == {}
    assert results["lab"].values == {"cpu": (1.0, 3.0)}


def test_results_are_in_the_order_of_the_rounds() -> None:
    samples = [Sample(Step("s", "a", number), {"cpu": float(number)}) for number in (2, 0, 1)]
    assert collect(samples)[0].values == {"cpu": (0.0, 1.0, 2.0)}


def test_the_time_left_is_what_such_steps_took_so_far() -> None:
    done = [Sample(Step("echo-50", "lab", 0), {}, seconds=2.0), Sample(Step("echo-50", "floor", 0), {}, seconds=4.0)]
    assert time_left([Step("echo-50", "peer", 0)] * 3, SCENE_BY_ID, done) == 9.0
    scenes = {**SCENE_BY_ID, "other": Scene("other", Part.ECHO, "another of its part")}
    assert time_left([Step("other", "lab", 0)], scenes, done) == 3.0
    assert time_left([Step("wakeup-loop", "lab", 0)], scenes, done) > 0  # a guess


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (59.0, "59 s"), (600.0, "10 min")])
def test_time_is_told_as_people_tell_it(seconds: float, text: str) -> None:
    assert spoken(seconds) == text
