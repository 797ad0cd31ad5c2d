"""The test of the tests: every mutant against the test that is to catch it, or against all tests of its lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from muxlab.bugs.card import Card
from muxlab.bugs.mutant import prepare
from muxlab.bugs.run import build_for, targets_for
from muxlab.errors import MuxlabError
from muxlab.grading import calibrate
from muxlab.grading.crew import Crew, Reply
from muxlab.grading.grade import TEST_SECONDS, WORKERS, Program
from muxlab.grading.member import Task
from muxlab.grading.programs import INSTRUMENTS
from muxlab.grading.results import Status, Test
from muxlab.project import Project

HANDFUL = 12  # tests that fail besides the card's own: above this we say so, for the card may be too coarse
SEED = 1


@dataclass(frozen=True)
class Row:
    card: Card
    replies: dict[str, Reply]
    """By the test's id."""
    error: str = ""
    """Why there is no mutant to be tested."""

    @property
    def missed(self) -> list[str]:
        """Tests that should have failed, and did not."""
        return [name for name in self.card.caught_by if self.status(name) is not Status.FAILED]

    @property
    def others(self) -> list[str]:
        failed = [name for name, reply in self.replies.items() if reply.status is Status.FAILED]
        return sorted(name for name in failed if name not in self.card.caught_by)

    @property
    def survives(self) -> bool:
        return bool(self.error or self.missed)

    @property
    def is_crude(self) -> bool:
        """It breaks so much that no single test can be said to have caught it."""
        return len(self.others) > HANDFUL

    def status(self, test: str) -> Status | None:
        reply = self.replies.get(test)
        return reply.status if reply else None


def matrix(
    project: Project,
    cards: Sequence[Card],
    *,
    all_tests: bool = False,
    jobs: int = WORKERS,
    on_row: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Builds some mutants while others are being tested. A card that cannot be built is a row, too."""
    with Crew(project, "", jobs) as crew:
        tests = {card.id: list(_tests(card, crew.catalogue().tests, all_tests)) for card in cards}
        prepare(project, cards, *_further_targets(cards, tests), *INSTRUMENTS)
        scale = calibrate().scale
        rows = []
        with ThreadPoolExecutor(jobs) as pool:
            programs = [pool.submit(build_for, project, card, tests[card.id]) for card in cards]
            try:
                for card, program in zip(cards, programs, strict=True):
                    rows.append(_row(crew, card, program, tests[card.id], scale))
                    on_row(rows[-1])
            finally:
                for program in programs:
                    program.cancel()
        return rows


def _tests(card: Card, catalogue: Sequence[Test], all_tests: bool) -> Iterator[Test]:
    return (test for test in catalogue if test.id in card.caught_by or (all_tests and test.lab == card.lab))


def _further_targets(cards: Sequence[Card], tests: dict[str, list[Test]]) -> set[str]:
    return {target for card in cards for target in targets_for(card, tests[card.id])[1:]}


def _row(crew: Crew, card: Card, building: Future[Program], tests: Sequence[Test], scale: float) -> Row:
    try:
        program = building.result()
    except MuxlabError as error:
        return Row(card, {}, "\n".join(filter(None, [str(error), error.details])))
    tasks = [Task(test, program.executable, program.tools.folder, SEED, scale) for test in tests]
    return Row(card, crew.run(tasks, TEST_SECONDS * scale))
