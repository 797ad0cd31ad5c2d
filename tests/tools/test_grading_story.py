"""What a graded test declares, what it tells, and how bytes are shown."""

from __future__ import annotations

import pytest

from muxlab.grading import Failed, Instrument, LabUnderTest, Story, calibrate, declaration_of, graded
from muxlab.grading.show_bytes import brief, count, difference, first_difference


def test_a_declaration() -> None:
    @graded(title="nothing is wrong", points={"04": 6, "01": 2}, pitfalls=["nul-truncation"], needs=[Instrument.GATE])
    def test_ten_kilobytes(lab: LabUnderTest) -> None:
        lab.start()

    declared = declaration_of(test_ten_kilobytes)
    assert declared is not None
    assert declared.name == "ten-kilobytes"
    assert declared.id_in("04") == "04.ten-kilobytes"
    assert declared.labs == ("01", "04")
    assert declared.needs == (Instrument.GATE,)
    assert declared.function is test_ten_kilobytes
    assert declaration_of(test_a_declaration) is None


@pytest.mark.parametrize("points", [{}, {"4": 1}, {"04": -1}])
def test_points_that_make_no_sense(points: dict[str, int]) -> None:
    def test_something(lab: LabUnderTest) -> None:
        lab.start()

    with pytest.raises(ValueError, match=r"test_something: points are given for each lab"):
        graded(title="t", points=points)(test_something)


def test_a_name_that_is_none() -> None:
    def something(lab: LabUnderTest) -> None:
        lab.start()

    with pytest.raises(ValueError, match="starts with test_"):
        graded(title="t", points={"01": 1})(something)


def test_a_step_in_a_step_is_part_of_it() -> None:
    story = Story()
    with story.step("A pings"), story.step("A sends a byte"):
        story.note("a note")
    assert [(step.number, step.text) for step in story.steps] == [(1, "A pings")]


def test_the_step_that_fails_says_how_and_the_failure_has_the_steps() -> None:
    story = Story()
    story.note("client A connects")
    with pytest.raises(Failed) as caught, story.step("A expects 2 bytes"):
        raise Failed(
            "got 1, then nothing", ["expected 2 bytes"], calls_title="last calls", calls=["recv"], died=["ugh"]
        )
    assert caught.value.lines() == [
        "  1  client A connects   ok",
        "  2  A expects 2 bytes   got 1, then nothing",
        "     expected 2 bytes",
        "     the last it said:",
        "        ugh",
        "     last calls:",
        "        recv",
    ]


def test_another_exception_is_no_step() -> None:
    story = Story()
    with pytest.raises(ZeroDivisionError), story.step("A divides"):
        raise ZeroDivisionError
    story.note("A goes on")
    assert [step.text for step in story.steps] == ["A goes on"]


def test_bytes_for_people() -> None:
    assert count(1) == "1 byte"
    assert count(10_240) == "10,240 bytes"
    assert brief(b"") == "nothing"
    assert brief(b"a\0b") == "61 00 62 |a.b|"
    assert brief(bytes(30)).startswith("00 00")
    assert "…" in brief(bytes(30))


@pytest.mark.parametrize(
    ("expected", "actual", "offset"),
    [
        (b"", b"", 0),
        (b"abc", b"abc", 3),
        (b"abc", b"ab", 2),
        (b"abc", b"abd", 2),
        (b"xbc", b"abc", 0),
        (bytes(1000) + b"a" + bytes(500), bytes(1000) + b"b" + bytes(500), 1000),
    ],
)
def test_where_bytes_differ(expected: bytes, actual: bytes, offset: int) -> None:
    assert first_difference(expected, actual) == offset
    lines = difference(expected, actual)
    assert lines[0].startswith(f"expected {count(len(expected))}")


def test_a_difference_is_shown_with_what_is_around_it() -> None:
    assert difference(b"hello, world", b"hello, wurld") == [
        "expected 12 bytes",
        "got      12 bytes",
        "they differ first at byte 8; from byte 0 on:",
        "  expected 68 65 6c 6c 6f 2c 20 77 »6f 72 6c 64 |hello, world|",
        "  got      68 65 6c 6c 6f 2c 20 77 »75 72 6c 64 |hello, wurld|",
    ]


def test_deadlines_are_never_shorter_than_usual() -> None:
    deadlines = calibrate()
    assert 1.0 <= deadlines.scale <= 10.0
    assert deadlines.wait >= 20.0
