"""Records the scenarios for the page: every one in every server, one after the other."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from muxlab.errors import MuxlabError
from muxlab.project import Lab, Project
from muxlab.report.model import Json
from muxlab.report.storage import Store, read_json, save_trace
from muxlab.scenarios.catalogue import COMPARED, Scenario
from muxlab.trace.command import record_lab
from muxlab.trace.storage import as_json

QUICK = ("hello", "two-clients", "ten-kilobytes")
MATRIX_SECONDS = 60  # a backstop: the matrix takes less than one


def chosen(quick: bool) -> Sequence[Scenario]:
    return [scenario for scenario in COMPARED if not quick or scenario.id in QUICK]


def record_all(
    project: Project,
    labs: Sequence[Lab],
    programs: Path,
    scenarios: Sequence[Scenario],
    store: Store,
    tell: Callable[[str], None],
) -> list[str]:
    """Replaces the traces in the store; returns what went wrong, one line each."""
    shutil.rmtree(store.traces, ignore_errors=True)
    failures = []
    for scenario in scenarios:
        for lab in [one for one in labs if one.number in scenario.labs]:
            tell(f"recording {scenario.id} in {lab.folder}")
            try:
                save_trace(store, record_one(project, lab, scenario, programs))
            except MuxlabError as error:
                failures.append(f"{scenario.id} in {lab.folder}: {error}")
    return failures


def record_one(project: Project, lab: Lab, scenario: Scenario, programs: Path) -> Json:
    return as_json(record_lab(project, lab, scenario, programs / lab.folder))


def measure_readiness(program: Path, store: Store) -> None:
    """Keeps what 00_readiness --json prints."""
    try:
        done = subprocess.run([program, "--json"], capture_output=True, text=True, timeout=MATRIX_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise MuxlabError(f"{program.name} --json did not end in {MATRIX_SECONDS} s") from None
    if done.returncode != 0:
        raise MuxlabError(f"{program.name} --json failed: {done.stderr.strip() or f'exit code {done.returncode}'}")
    store.readiness.parent.mkdir(parents=True, exist_ok=True)
    store.readiness.write_text(json.dumps(json.loads(done.stdout), ensure_ascii=False) + "\n", encoding="utf-8")


def load_readiness(store: Store) -> Json | None:
    return read_json(store.readiness) if store.readiness.is_file() else None
