"""./muxlab compare: builds what it needs, measures, prints the tables, writes the page, and JSON if asked to."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

from muxlab.build import build
from muxlab.compare import server_table, waker_table
from muxlab.compare.facts import machine
from muxlab.compare.model import Conditions, Report
from muxlab.compare.picture import save_picture
from muxlab.compare.render import show
from muxlab.compare.scenario import CLIENTS, MESSAGE
from muxlab.compare.storage import save
from muxlab.compare.wakers import PROBE
from muxlab.console import progress, say
from muxlab.errors import MuxlabError
from muxlab.files import check_writable
from muxlab.project import SERVERS, Lab, Project, find_lab
from muxlab.report.command import READINESS, make_page
from muxlab.scenarios.clients import raise_file_limit
from muxlab.strace.run import why_not

PRESET = "release"
WAKING_LAB = "05_cross_thread_wakeup"


def compare(
    project: Project,
    labs: Sequence[Lab],
    json_file: Path | None,
    picture: Path | None,
    traces: Path | None,
    quick: bool,
) -> int:
    """Returns the exit code: 1 if a part could not be measured because a program of ours failed."""
    for file in (json_file, picture):
        if file is not None:
            check_writable(file)
    wakers = any(lab.folder == WAKING_LAB for lab in labs)
    # One build for counts and times: they then belong to the same program, and there is only one to wait for.
    readiness = [READINESS] if (project.root / "labs" / READINESS).is_dir() else []
    build(project, PRESET, [*(lab.folder for lab in labs), *([PROBE] if wakers else []), *readiness])
    report, failures = _measure(project, labs, wakers, traces, quick)
    show(report)
    if json_file is not None:
        save(report, json_file)
        say(f"written to {json_file}")
    if picture is not None:
        save_picture(report, picture)
        say(f"drawn in {picture}")
    failures += make_page(project, report, labs, project.build_dir(PRESET) / "bin", quick)
    for failure in failures:
        say(failure)
    return 1 if failures else 0


def parse_labs(project: Project, text: str) -> list[Lab]:
    """'01,03' → those labs, in the order of the course; all servers there are if the text is empty."""
    wanted = [find_lab(word.strip()) for word in text.split(",") if word.strip()]
    for lab in wanted:
        if not lab.is_server:
            raise MuxlabError(f"{lab.folder} is no server: choose among {', '.join(one.number for one in SERVERS)}")
    return [lab for lab in SERVERS if lab in wanted or (not wanted and project.folder(lab).is_dir())]


def _measure(
    project: Project, labs: Sequence[Lab], wakers: bool, traces: Path | None, quick: bool
) -> tuple[Report, list[str]]:
    begun = time.monotonic()
    programs = project.build_dir(PRESET) / "bin"
    effort = server_table.Effort.choose(quick, len(labs), raise_file_limit())
    why_no_trace = why_not()
    with _folder(traces) as folder, progress("comparing") as tell:
        table, failures = server_table.measure(labs, programs, effort, folder, why_no_trace, tell)
        tables = [table]
        if wakers:
            table, more = waker_table.measure(programs / PROBE, effort.bursts, folder, why_no_trace, tell)
            tables.append(table)
            failures += more
    report = Report(
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - begun, 1),
        machine=machine(),
        conditions=Conditions(
            preset=PRESET,
            command=shlex.join(["./muxlab", *sys.argv[1:]]),
            quick=quick,
            clients=CLIENTS,
            idle=effort.idle,
            message=len(MESSAGE),
            rounds=effort.rounds,
        ),
        tables=tuple(tables),
    )
    return report, failures


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Where the traces go: kept if somebody wants them."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted
        return
    with TemporaryDirectory(prefix="muxlab-") as name:
        yield Path(name)
