"""Prints the doctor's findings, one line each."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from muxlab.doctor import Status, examine, verdict
from muxlab.machine import Machine
from muxlab.project import Project

STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.PROBLEM: "bold red"}


def show_findings(project: Project) -> int:
    """Returns the exit code: 1 only if the labs cannot be built or run."""
    console = Console(highlight=False)
    findings = examine(Machine(), project)
    for finding in findings:
        line = Text(str(finding))
        line.stylize(STYLES[finding.status], 0, len(finding.status.value))
        console.print(line, soft_wrap=True)
    console.print(verdict(findings), soft_wrap=True, markup=False)
    return 1 if any(finding.status is Status.PROBLEM for finding in findings) else 0
