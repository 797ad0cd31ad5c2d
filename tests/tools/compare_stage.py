"""A made-up report, with a cell of every kind."""

from __future__ import annotations

from muxlab.compare.model import (
    Column,
    Conditions,
    Machine,
    Metric,
    Missing,
    Number,
    Numbers,
    Report,
    Row,
    Table,
    Text,
    exactly,
    summary,
)

NOTE = "How to read the first group."


def metric(name: str, group: str = "Group", footnote: str = "", decimals: int = 1, joint: str = "/") -> Metric:
    return Metric(
        id=name,
        group=group,
        title=f"the {name}",
        unit="apples",
        explanation="What it says.",
        method="How it was counted.",
        command="count LAB",
        footnote=footnote,
        parts=("in", "out"),
        joint=joint,
        decimals=decimals,
    )


def made_up_report() -> Report:
    columns = (Column("01_select", "01 select"), Column("02_poll", "02 poll"))
    missing = Missing("strace is missing (apt install strace)")
    rows = (
        Row(metric("exact", footnote=NOTE), (exactly(3.0), exactly(1234567))),
        Row(metric("spread", footnote=NOTE), (summary([1.0, 2.5, 9.0]), exactly(0.25))),
        Row(metric("pair", "Pairs", "Another note."), (Numbers((exactly(16), exactly(2))), missing)),
        Row(metric("limit", "Pairs"), (Number(2000, 2000, 2000, at_least=True, note="we stopped"), missing)),
        Row(metric("words", "Words"), (Text("IN ERR HUP"), Number(2**64 - 2, 2**64 - 2, 2**64 - 2, shown="2^64 - 2"))),
    )
    return Report(
        made="2030-01-02T03:04:05+00:00",
        seconds=12.5,
        machine=Machine("Linux 6.1", "x86_64", "A CPU", 2, 1024, 20000, "glibc 2.36", "3.11.2", "6.1"),
        conditions=Conditions("release", "./muxlab compare", False, 8, 900, 64, 9),
        tables=(Table("servers", "Servers", columns, rows),),
    )
