"""Runs everything that CTest knows, and reads its results from the JUnit file it writes."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from muxlab.children import run_lines
from muxlab.console import progress
from muxlab.errors import MuxlabError
from muxlab.project import Project


class Outcome(Enum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class TestResult:
    name: str
    group: str
    outcome: Outcome
    seconds: float
    output: str
    reason: str = ""
    """In CTest's words, where there is more to say than that it failed: 'Timeout', 'Exception: SegFault'."""

    __test__ = False  # pytest would take the class for a test


@dataclass(frozen=True)
class Report:
    results: tuple[TestResult, ...]

    def having(self, outcome: Outcome, group: str | None = None) -> list[TestResult]:
        return [r for r in self.results if r.outcome is outcome and group in (None, r.group)]

    def groups(self) -> list[str]:
        return list(dict.fromkeys(result.group for result in self.results))

    def seconds(self, group: str) -> float:
        return sum(result.seconds for result in self.results if result.group == group)

    @property
    def closing_line(self) -> str:
        passed, failed, skipped = (len(self.having(outcome)) for outcome in Outcome)
        return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def run_tests(project: Project, preset: str, pattern: str, jobs: int) -> Report:
    """Runs the tests whose names match the pattern: a regular expression, and the empty one matches all."""
    junit = project.build_dir(preset) / "muxlab-junit.xml"
    junit.unlink(missing_ok=True)
    command = ["ctest", "--preset", preset, "-j", str(jobs), "--output-junit", str(junit), "--no-tests=error"]
    if pattern:
        command += ["-R", pattern]
    with progress(f"testing {preset}") as tell:

        def on_line(line: str) -> None:
            if found := re.match(r" *(\d+/\d+) Test +#\d+: (\S+)", line):
                tell(f"[{found[1]}] {found[2]}")

        code, output = run_lines(command, cwd=project.root, on_line=on_line)
    if "No tests were found" in output:
        what = f"no test's name matches '{pattern}'" if pattern else "there are no tests"
        raise MuxlabError(f"{what}: ctest --preset {preset} -N lists them all")
    if not junit.exists():
        last = output.strip().splitlines()[-1:] or ["it did not say why"]
        raise MuxlabError(f"ctest did not finish: {last[0]}")
    report = read_junit(junit, test_groups(project, preset), read_reasons(output))
    if code != 0 and not report.having(Outcome.FAILED):
        raise MuxlabError(f"ctest ended with exit code {code}; to see all of it: ctest --preset {preset}")
    return report


def read_reasons(output: str) -> dict[str, str]:
    """'2/9 Test #8: slow ......***Timeout   1.00 sec' → slow: Timeout. The JUnit file does not have it."""
    found = re.finditer(r"^ *\d+/\d+ Test +#\d+: (\S+) \.*\*\*\*(.+?) +[\d.]+ sec$", output, re.MULTILINE)
    return {name: reason for name, reason in (match.groups() for match in found) if reason != "Failed"}


def test_groups(project: Project, preset: str) -> dict[str, str]:
    """Which group each test belongs to: its first CTest label, or else the program it runs."""
    code, output = run_lines(["ctest", "--preset", preset, "--show-only=json-v1"], cwd=project.root)
    if code != 0:
        return {}
    groups = {}
    for test in json.loads(output)["tests"]:
        labels = [p["value"] for p in test.get("properties", []) if p["name"] == "LABELS"]
        program = Path(test.get("command", ["other"])[0]).name
        groups[test["name"]] = labels[0][0] if labels and labels[0] else program
    return groups


def read_junit(path: Path, groups: Mapping[str, str], reasons: Mapping[str, str]) -> Report:
    results = []
    for case in ET.parse(path).getroot().iter("testcase"):
        name = case.get("name", "")
        results.append(
            TestResult(
                name,
                groups.get(name, "other"),
                _outcome(case),
                float(case.get("time", 0)),
                case.findtext("system-out") or "",
                reasons.get(name, ""),
            )
        )
    return Report(tuple(results))


def _outcome(case: ET.Element) -> Outcome:
    skipped = case.find("skipped")
    if case.get("status") == "run":
        return Outcome.PASSED
    # CTest also calls "skipped" what could not run: no program, a fixture that failed. Only what asked for it was.
    if case.get("status") == "disabled" or (skipped is not None and skipped.get("message", "").startswith("SKIP_")):
        return Outcome.SKIPPED
    return Outcome.FAILED


def rerun_options(preset: str, name: str) -> Sequence[str]:
    """What goes after ./muxlab test to run just this test again."""
    chosen = [] if preset == "dev" else ["--preset", preset]
    return [*chosen, "-k", f"^{re.escape(name)}$"]
