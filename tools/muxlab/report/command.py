"""What ./muxlab compare and ./muxlab serve do about the page: record what it needs, write it, open it."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path

from muxlab.bugs.watch import record_typical
from muxlab.compare import storage as comparison
from muxlab.compare.model import Report
from muxlab.console import progress, say
from muxlab.errors import MuxlabError
from muxlab.project import Lab, Project
from muxlab.report import benched
from muxlab.report.cards import load_cards
from muxlab.report.model import Contents
from muxlab.report.page import write
from muxlab.report.record import chosen, load_readiness, measure_readiness, record_all
from muxlab.report.storage import Store, load_bench, load_traces
from muxlab.scenarios.catalogue import SCENARIOS
from muxlab.strace.run import why_not

READINESS = "00_readiness"


def store_of(project: Project) -> Store:
    return Store(project.root / "build" / "report")


def make_page(project: Project, report: Report, labs: Sequence[Lab], programs: Path, quick: bool) -> list[str]:
    """Records the scenarios, and writes the page with what compare has just measured. Returns what went wrong."""
    store = store_of(project)
    store.comparison.parent.mkdir(parents=True, exist_ok=True)
    comparison.save(report, store.comparison)
    failures = record(project, labs, programs, store, quick)
    write(gather(project, store), store.page)
    say(f"the page with all of it, call by call: {store.page.relative_to(project.root)} (--open opens it)")
    return failures


def record(project: Project, labs: Sequence[Lab], programs: Path, store: Store, quick: bool) -> list[str]:
    failures = []
    with progress("recording what the page shows") as tell:
        if (programs / READINESS).exists():
            tell("the readiness matrix")
            try:
                measure_readiness(programs / READINESS, store)
            except MuxlabError as error:
                failures.append(str(error))
        if not why_not():
            failures += record_all(project, labs, programs, chosen(quick), store, tell)
            if not quick:
                failures += record_typical(project, labs, store, tell)
    return failures


def gather(project: Project, store: Store) -> Contents:
    """Everything that is there; what is not is named on the page, with the way out."""
    order = [scenario.id for scenario in SCENARIOS]
    traces = sorted(load_traces(store), key=lambda trace: order.index(trace["scenario"]["id"]))
    absent = {}
    if not traces and (reason := why_not()):
        absent["side-by-side"] = f"No scenario is recorded: {reason}."
    return Contents(
        comparison=comparison.load(store.comparison) if store.comparison.is_file() else None,
        traces=traces,
        readiness=load_readiness(store),
        cards=load_cards(project.root / "labs", store.bugs),
        curves=benched.curves(load_bench(store)),
        absent=absent,
    )


def open_page(address: str) -> None:
    """In the person's browser, if there is one."""
    if not webbrowser.open(address):
        say(f"no browser was found here: open {address} in one")
