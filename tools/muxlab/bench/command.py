"""./muxlab bench: builds what it needs, measures, prints the tables, and writes the JSON file."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

from muxlab.bench import journal, noise, plan, session, storage, tables
from muxlab.bench.facts import machine
from muxlab.bench.measure import Bench
from muxlab.bench.model import Part, Report, Result, Scene, Step, Subject
from muxlab.bench.subjects import LABS, SERVERS, present
from muxlab.build import build
from muxlab.console import progress, say
from muxlab.errors import MuxlabError
from muxlab.files import check_writable
from muxlab.project import Project
from muxlab.report.command import gather, store_of
from muxlab.report.page import write
from muxlab.report.storage import save_bench
from muxlab.strace.run import why_not

PRESET = "release"


def bench(project: Project, what: str, quick: bool, rounds: int | None, json_file: Path | None, fresh: bool) -> int:
    """Returns the exit code: 1 if a program failed. `rounds` is None for as many as usual."""
    if what not in plan.PARTS:
        raise MuxlabError(f"there is nothing called '{what}' to measure: choose {', '.join(plan.PARTS)}")
    if not (project.root / "bench").is_dir():
        raise MuxlabError("there is no bench/ here: the benchmark belongs to the complete kit")
    if json_file is not None:
        check_writable(json_file)
    labs = [one.id for one in LABS if (project.root / "labs" / one.id).is_dir()]
    build(project, PRESET, ["bench", *labs])

    name = f"bench-{what}{'-quick' if quick else ''}"
    file = json_file or project.build_dir(PRESET) / f"{name}.json"
    effort = plan.effort(quick, rounds)
    report = _measure(project, what, quick, effort, project.build_dir(PRESET) / f"{name}.journal", fresh)
    storage.save(report, file)
    tables.show(report)
    say(f"written to {file}")
    store = store_of(project)
    save_bench(store, report, name)
    write(gather(project, store), store.page)
    say(f"as curves: {store.page.relative_to(project.root)}#curves")
    failed = [f"{one.subject} in {one.scene}: {one.error}" for one in report.results if one.error]
    for line in failed:
        say(line)
    return 1 if failed else 0


def _measure(project: Project, what: str, quick: bool, effort: plan.Effort, kept: Path, fresh: bool) -> Report:
    facts = machine()
    tool = Bench(project.build_dir(PRESET) / "bin", effort, facts.server_cpu, facts.client_cpu)
    scenes, subjects, steps = _plan(project, tool, plan.PARTS[what], effort, facts.open_files_hard, quick)
    if fresh:
        kept.unlink(missing_ok=True)
    programs = [path for path in (tool.bin / one.id for one in subjects) if path.exists()]
    programs += [path for path in (tool.bin / "loadgen", tool.bin / "wakeup") if path.exists()]
    with journal.Journal(kept, journal.fingerprint(repr(steps), programs)) as book:
        if book.samples:
            say(f"going on after {len(book.samples)} of {len(steps)} steps (--fresh begins again)")
        with progress("measuring") as tell:
            tell("looking how quiet this machine is")
            notes = noise.look()
            by_scene, by_subject = {one.id: one for one in scenes}, {one.id: one for one in subjects}
            notes += session.carry_out(tool.measure, steps, by_scene, by_subject, book, tell)
        results = session.collect(book.samples)
        notes += about_clients(results) + _about_crowds(effort, scenes)
        report = Report(
            made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            seconds=round(sum(sample.seconds for sample in book.samples), 1),
            command=shlex.join(["./muxlab", *sys.argv[1:]]),
            quick=quick,
            rounds=effort.rounds,
            machine=facts,
            notes=tuple(notes),
            subjects=tuple(subjects),
            scenes=tuple(scenes),
            results=tuple(results),
        )
        book.finish()
    return report


def _plan(
    project: Project, tool: Bench, parts: Sequence[Part], effort: plan.Effort, open_files: int, quick: bool
) -> tuple[list[Scene], list[Subject], list[Step]]:
    scenes = plan.scenes(parts, effort, open_files)
    subjects: list[Subject] = []
    if scenes:
        found = present(project, PRESET, SERVERS)
        subjects = [replace(subject, version=tool.version(subject)) for subject in found]
    steps = plan.server_steps(scenes, subjects, effort.rounds, quick)
    if Part.WAKEUP in parts:
        names = tool.wakeup_names()
        if not names and len(parts) == 1:
            raise MuxlabError("the wake-up benchmark needs Google Benchmark; ./muxlab doctor says how to get it")
        more, others, wakes = plan.wakeup_plan(names, effort.rounds, not why_not())
        scenes, subjects, steps = scenes + more, subjects + others, steps + wakes
    return scenes, subjects, steps


def about_clients(results: Sequence[Result]) -> list[str]:
    """Where the client had no time left, the server was not at its limit: its latency says little then."""
    shares = [median(one.values["client"]) for one in results if one.values.get("client")]
    bound = sum(share > noise.CLIENT_BOUND for share in shares)
    return [f"the load generator was at its own limit in {bound} of {len(shares)} results"] if bound else []


def _about_crowds(effort: plan.Effort, scenes: Sequence[Scene]) -> list[str]:
    largest = max((scene.idle for scene in scenes if scene.part is Part.IDLE), default=None)
    if largest is None or largest >= max(effort.idle):
        return []
    return [f"the limit of open files allows {largest:,} idle clients, not {max(effort.idle):,}"]
