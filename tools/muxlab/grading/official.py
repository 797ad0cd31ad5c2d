"""Official grading: only where every test can be run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from muxlab.grading import Instrument
from muxlab.grading.assignment import instruments_for
from muxlab.grading.grade import Program
from muxlab.grading.results import Test


def objections(programs: Iterable[Program], tests: Sequence[Test]) -> list[str]:
    """A line for each instrument that is missing, and says for how many tests of which lab."""
    found = []
    for program in programs:
        if program.build_error is not None:
            continue  # a named failure, and nothing to run an instrument on
        for instrument in Instrument:
            needing = [test for test in tests if test.lab == program.lab.number and instrument.name in test.needs]
            if not needing:
                continue
            why = instruments_for(program.executable_for(needing[0]), program.tools).why_not(instrument)
            if why:
                found.append(f"{program.lab.number}: {why} ({len(needing)} tests need it)")
    return found
