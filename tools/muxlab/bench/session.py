"""Goes through the plan: tells how far it is, keeps what was measured, and watches how quiet the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from muxlab.bench import noise
from muxlab.bench.journal import Journal
from muxlab.bench.model import Part, Result, Sample, Scene, Step, Subject
from muxlab.errors import MuxlabError

GUESS: Mapping[Part, float] = {Part.COUNT: 5.0, Part.ECHO: 0.6, Part.IDLE: 1.5, Part.WAKEUP: 0.4}
"""Seconds for a step, until the first of its kind has told."""


def carry_out(
    measure: Callable[[Step, Scene, Subject], dict[str, float]],
    steps: Sequence[Step],
    scenes: Mapping[str, Scene],
    subjects: Mapping[str, Subject],
    journal: Journal,
    tell: Callable[[str], None],
) -> list[str]:
    """Measures what the journal does not have yet. Returns notes about the machine."""
    left = journal.left(steps)
    watch = noise.Watch()
    for number, step in enumerate(left):
        scene, subject = scenes[step.scene], subjects[step.subject]
        over = time_left(left[number:], scenes, journal.samples)
        done = len(steps) - len(left) + number + 1
        tell(f"{done}/{len(steps)}, {spoken(over)} left: {subject.title}, {scene.title}")
        begun = time.monotonic()
        values: dict[str, float] = {}
        error = ""
        try:
            values = measure(step, scene, subject)
        except MuxlabError as failure:
            error = str(failure)
        journal.add(Sample(step, values, error, round(time.monotonic() - begun, 3)))
        watch.look()
    return watch.notes()


def time_left(steps: Sequence[Step], scenes: Mapping[str, Scene], samples: Sequence[Sample]) -> float:
    """Seconds: each step takes as long as those of its scene took so far, or else those of its part."""
    by_scene: dict[str, list[float]] = {}
    by_part: dict[Part, list[float]] = {}
    for sample in samples:
        by_scene.setdefault(sample.step.scene, []).append(sample.seconds)
        by_part.setdefault(scenes[sample.step.scene].part, []).append(sample.seconds)
    total = 0.0
    for step in steps:
        part = scenes[step.scene].part
        known = by_scene.get(step.scene) or by_part.get(part)
        total += sum(known) / len(known) if known else GUESS[part]
    return total


def spoken(seconds: float) -> str:
    """'40 s', '3 min': nobody can know it better."""
    return f"{max(seconds, 1):.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def collect(samples: Sequence[Sample]) -> list[Result]:
    """Samples → one result for each subject in each scene; the rounds in order."""
    found: dict[tuple[str, str], list[Sample]] = {}
    for sample in sorted(samples, key=lambda one: one.step.round):
        found.setdefault((sample.step.scene, sample.step.subject), []).append(sample)
    results = []
    for (scene, subject), some in found.items():
        good = [sample for sample in some if not sample.error]
        names = dict.fromkeys(name for sample in good for name in sample.values)
        values = {name: tuple(sample.values[name] for sample in good if name in sample.values) for name in names}
        error = next((sample.error for sample in some if sample.error), "")
        results.append(Result(scene, subject, values, error))
    return results
