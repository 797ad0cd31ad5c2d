"""Points: tests declare weights, and whatever the weights of a lab are, its tests are worth 100 points together."""

from __future__ import annotations

from collections.abc import Mapping

PER_LAB = 1000
"""Tenths of a point: fine enough that a small test keeps its share, and sums of integers are exact."""


def shares(weights: Mapping[str, int]) -> dict[str, int]:
    """Tenths of a point for each test of one lab: proportional, and exactly PER_LAB together.

    What rounding down leaves over goes to those who lost most by it; among equals to the first.
    """
    total = sum(weights.values())
    if total <= 0:
        return dict.fromkeys(weights, 0)
    points = {name: weight * PER_LAB // total for name, weight in weights.items()}
    losses = sorted(weights, key=lambda name: -(weights[name] * PER_LAB % total))
    for name in losses[: PER_LAB - sum(points.values())]:
        points[name] += 1
    return points


def show(tenths: int) -> str:
    """'6', '2.5'."""
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def number(tenths: int) -> float:
    """As it goes into files."""
    return tenths / 10
