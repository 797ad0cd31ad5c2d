"""./muxlab grade: from the command line to the exit code."""

from __future__ import annotations

import dataclasses
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from muxlab.console import progress, say
from muxlab.errors import MuxlabError
from muxlab.grading import files
from muxlab.grading.crew import CannotGrade, Reply, WrongChoice
from muxlab.grading.grade import WORKERS, Grading, Program, Wishes
from muxlab.grading.gradescope import as_gradescope
from muxlab.grading.hints import Hints
from muxlab.grading.junit import as_junit
from muxlab.grading.official import objections
from muxlab.grading.points import show
from muxlab.grading.programs import built, foreign, sanitized
from muxlab.grading.report import TOLD, show_report
from muxlab.grading.results import Report, Test
from muxlab.grading.watch import await_change, snapshot
from muxlab.language import language, option
from muxlab.project import SERVERS, Lab, Project, find_lab

PASSED, FAILED, USAGE, CANNOT = 0, 1, 2, 3
SEEDS = 1_000_000  # so that one can be typed


@dataclass(frozen=True)
class Options:
    labs: tuple[str, ...] = ()
    all_labs: bool = False
    server: Path | None = None
    preset: str = "dev"
    keyword: str = ""
    seed: int | None = None
    json: Path | None = None
    junit: Path | None = None
    gradescope: Path | None = None
    full: bool = False
    official: bool = False
    watch: bool = False
    listed: bool = False
    any_mechanism: bool = False
    jobs: int = WORKERS
    lang: str | None = None


def grade_command(project: Project, options: Options) -> int:
    """Returns the exit code: 0 all that ran passed, 1 something failed, 2 a wrong command line, 3 cannot grade."""
    try:
        labs = _labs(project, options)
        _check(project, options)
    except MuxlabError as error:
        return _stop(error, USAGE)
    try:
        if options.listed:
            return _list(project, labs, options)
        if options.watch:
            return _watch(project, labs, options)
        return _grade(project, labs, options)
    except WrongChoice as error:
        return _stop(error, USAGE)
    except MuxlabError as error:
        return _stop(error, CANNOT)


def _stop(error: MuxlabError, code: int) -> int:
    if error.details:
        print(error.details, file=sys.stderr)
    say(str(error))
    return code


def _labs(project: Project, options: Options) -> list[Lab]:
    if options.all_labs == bool(options.labs):
        raise MuxlabError("grade what? Name a lab, or say --all: ./muxlab grade 03")
    if options.all_labs:
        return [lab for lab in SERVERS if project.folder(lab).is_dir()]  # a student's tree may have a few only
    labs = sorted({find_lab(name) for name in options.labs}, key=lambda lab: lab.number)
    for lab in labs:
        if not lab.is_server:
            raise MuxlabError(f"{lab.folder} is no echo server: choose among {', '.join(s.folder for s in SERVERS)}")
        if options.server is None:
            project.check_here(lab)
    return labs


def _check(project: Project, options: Options) -> None:
    project.check_preset(options.preset)
    language(options.lang)
    if options.server is not None and (options.all_labs or len(options.labs) != 1):
        raise MuxlabError("--server is graded for one lab: ./muxlab grade 03 --server PATH")
    if options.official and (options.keyword or options.watch or options.any_mechanism):
        raise MuxlabError("--official grades all of a lab: it goes with none of -k, --watch and --any-mechanism")
    for path in (options.json, options.junit, options.gradescope):
        if path is not None:
            files.prepare(path)


def _grade(project: Project, labs: Sequence[Lab], options: Options) -> int:
    seed = options.seed if options.seed is not None else secrets.randbelow(SEEDS)
    if options.official:
        say(f"official grading, seed {seed}")
    wants_all_told = options.full or options.gradescope or options.junit or options.json
    wishes = Wishes(
        seed,
        options.keyword,
        any_mechanism=options.any_mechanism,
        told=None if wants_all_told else TOLD,
        workers=options.jobs,
    )
    with Grading(project, wishes) as grading:
        tests = grading.tests_for(labs) if options.keyword else []  # what is wrong with -k is told at once
        programs = _programs(project, labs, options)
        tests = tests or grading.tests_for(labs)
        if options.server is None:
            programs = sanitized(project, programs, tests)
        if options.official and (lines := objections(programs, tests)):
            for line in lines:
                say(line)
            raise CannotGrade("official grading needs every test to run; without --official the others are graded")
        report = _with_progress(grading, programs, len(tests))
    report = dataclasses.replace(report, preset=options.preset, official=options.official)
    hints = Hints.load(project, language(options.lang), option(options.lang))
    show_report(report, hints, None if options.full else TOLD)
    sys.stdout.flush()
    _write(report, hints, options)
    return report.exit_code


def _programs(project: Project, labs: Sequence[Lab], options: Options) -> list[Program]:
    if options.server is not None:
        return [foreign(project, labs[0], options.server, options.preset)]
    return built(project, labs, options.preset)


def _with_progress(grading: Grading, programs: Sequence[Program], number: int) -> Report:
    done = 0
    with progress(f"grading {', '.join(program.lab.number for program in programs)}") as tell:

        def on_reply(test: Test, _: Reply) -> None:
            nonlocal done
            done += 1
            tell(f"[{done}/{number}] {test.id}")

        return grading.grade(programs, on_reply)


def _write(report: Report, hints: Hints, options: Options) -> None:
    """Last, and by us: no process that runs a test ever writes a result."""
    if options.json is not None:
        files.write(options.json, files.dump(files.as_json(report)))
    if options.junit is not None:
        files.write(options.junit, as_junit(report))
    if options.gradescope is not None:
        files.write(options.gradescope, files.dump(as_gradescope(report, hints)))


def _list(project: Project, labs: Sequence[Lab], options: Options) -> int:
    with Grading(project, Wishes(0, options.keyword, any_mechanism=options.any_mechanism, workers=1)) as grading:
        for test, points in grading.listed(labs):
            print(f"{test.id:40} {show(points):>4}  {test.title}")
    return PASSED


def _watch(project: Project, labs: Sequence[Lab], options: Options) -> int:
    """Until Ctrl-C."""
    from muxlab.cli import Interrupted

    try:
        while True:
            before = snapshot(project, labs, options.server)
            try:
                _grade(project, labs, options)
            except CannotGrade as error:
                _stop(error, CANNOT)
            say("watching; Ctrl-C ends it")
            changed = await_change(project, labs, options.server, before)
            print(f"\n{'─' * 100}\n{', '.join(changed)} changed\n", flush=True)
    except Interrupted:
        return PASSED
