"""What pytest's items are to the grader."""

from __future__ import annotations

import pytest

from muxlab.grading import GradedTest, declaration_of


def graded_item(item: object) -> tuple[GradedTest, str] | None:
    """The test and the number of the lab; None for an item that is no graded test."""
    if not isinstance(item, pytest.Function):
        return None
    declared = declaration_of(item.function)
    return (declared, str(item.callspec.params["lab"])) if declared is not None else None
