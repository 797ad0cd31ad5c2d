"""The table of points in each lab's README, in both languages. As a program, it writes all of them anew: for whoever
adds a test."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from muxlab.grading.crew import Crew
from muxlab.grading.points import PER_LAB, shares
from muxlab.grading.results import Test
from muxlab.project import SERVERS, Lab, Project

LEAVING = "leaving"
"""What of test_select.py other labs than 01 are asked."""

THEMES = {
    "accepting": "clients that connect: together, in vain, too many",
    "contract": "options, exit codes, one line that says what is wrong",
    "descriptors": "descriptors: registered, closed once, forgotten",
    "exhausted": "no descriptors left, no memory left",
    LEAVING: "clients that leave",
    "inside": "the event loop and the wakers by themselves",
    "mechanism": "what it sleeps in, and how it is woken",
    "poll": "several clients, or several bits, at the same time",
    "reading": "reading, and the end of a client",
    "select": "what select is asked and answers, and what it cannot take",
    "shutdown": "time-outs, signals, the end, the log",
    "wakeup": "which thread does what",
    "writing": "replies that have to wait",
}
"""By file of tests/graded/, for a student."""

THEMES_ZH = {
    "accepting": "连接的客户端：同时到来、徒劳而来、来得太多",
    "contract": "选项、退出码、用一行话说清哪里错了",
    "descriptors": "描述符：登记、只关一次、不再记得",
    "exhausted": "描述符耗尽、内存耗尽",
    LEAVING: "离开的客户端",
    "inside": "单独测试事件循环和唤醒器",
    "mechanism": "睡在哪个调用里、由什么唤醒",
    "poll": "同一时刻有多个客户端或多个事件位",
    "reading": "读取，以及客户端的结束",
    "select": "问 select 什么、它答什么、它装不下什么",
    "shutdown": "超时、信号、退出、日志",
    "wakeup": "哪个线程做哪件事",
    "writing": "需要等待的回复",
}


@dataclass(frozen=True)
class Words:
    sheet: str
    head: str
    themes: Mapping[str, str]
    together: str


ENGLISH = Words("README.md", "| what | tests | points |", THEMES, "together")
CHINESE = Words("README.zh-CN.md", "| 内容 | 测试数 | 分数 |", THEMES_ZH, "合计")


def points_table(tests: Sequence[Test], lab: Lab, words: Words = ENGLISH) -> str:
    """What gives most comes first."""
    of_lab = [test for test in tests if test.lab == lab.number]
    tenths = shares({test.id: test.weight for test in of_lab})
    groups: dict[str, list[int]] = {}
    for test in of_lab:
        groups.setdefault(_file(lab, test.file), []).append(tenths[test.id])
    rows = sorted(groups.items(), key=lambda row: (-sum(row[1]), ENGLISH.themes[row[0]]))  # the same in both languages
    assert sum(tenths.values()) == PER_LAB
    lines = [words.head, "|---|--:|--:|"]
    lines += [f"| {words.themes[file]} | {len(points)} | {sum(points) / 10:.1f} |" for file, points in rows]
    return "\n".join([*lines, f"| {words.together} | {len(of_lab)} | 100.0 |"]) + "\n"


def _file(lab: Lab, file: str) -> str:
    theme = Path(file).stem.removeprefix("test_")
    return LEAVING if theme == "select" and lab.number != "01" else theme


def main() -> None:
    project = Project.here()
    with Crew(project, "", 1) as crew:
        tests = crew.catalogue().tests
    for lab, words in itertools.product(SERVERS, (ENGLISH, CHINESE)):
        path = project.folder(lab) / words.sheet
        text = path.read_text()
        path.write_text(text[: text.index(words.head)] + points_table(tests, lab, words))


if __name__ == "__main__":
    main()
