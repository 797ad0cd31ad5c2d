"""Results as JUnit XML, which every CI shows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from muxlab.grading.points import number
from muxlab.grading.results import LabResult, Report, Result, Status
from muxlab.grading.tell import as_text, story

# What XML 1.0 has no place for, not even escaped. A server may have said it.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def as_junit(report: Report) -> str:
    root = ET.Element("testsuites", name="muxlab")
    _count(root, report.results(), report.seconds)
    for lab in report.labs:
        _add_lab(root, lab, report)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_lab(root: ET.Element, lab: LabResult, report: Report) -> None:
    suite = ET.SubElement(root, "testsuite", name=lab.lab.folder)
    _count(suite, list(lab.results), sum(result.seconds for result in lab.results))
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("seed", report.seed),
        ("score", number(lab.earned)),
        ("possible", number(lab.possible)),
        ("program", lab.program),
    ):
        ET.SubElement(properties, "property", name=name, value=_clean(str(value)))
    for result in lab.results:
        _add_test(suite, lab, result, report)


def _add_test(suite: ET.Element, lab: LabResult, result: Result, report: Report) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=lab.lab.folder,
        name=result.test.name,
        file=result.test.file,
        time=f"{result.seconds:.3f}",
    )
    if result.status is Status.NOT_RUN:
        ET.SubElement(case, "skipped", message=_clean(result.reason))
    elif result.lost:
        kind = "failure" if result.status is Status.FAILED else "error"
        element = ET.SubElement(case, kind, message=_clean(f"{result.test.title}: {result.reason}"))
        element.text = _clean(f"{as_text(story(result.failure))}\nagain: {report.again_just(result.test)}\n")


def _count(element: ET.Element, results: list[Result], seconds: float) -> None:
    for name, status in (("failures", Status.FAILED), ("errors", Status.BROKEN), ("skipped", Status.NOT_RUN)):
        element.set(name, str(sum(result.status is status for result in results)))
    element.set("tests", str(len(results)))
    element.set("time", f"{seconds:.3f}")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
