"""Medians, spreads and ratios. A ratio is taken within a round: what the machine does to a round it does to all."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    median: float
    low: float
    high: float
    """The smallest and the greatest sample."""
    samples: int

    @property
    def spread(self) -> float:
        """How far apart the samples are, as a share of the median: 0.15 is 15 %."""
        return (self.high - self.low) / self.median if self.median else 0.0


def summary(samples: Sequence[float]) -> Summary | None:
    """None if there are no samples."""
    if not samples:
        return None
    return Summary(statistics.median(samples), min(samples), max(samples), len(samples))


def ratios(samples: Sequence[float], floor: Sequence[float]) -> Summary | None:
    """Sample by sample: the two must come from the same rounds. None where there is nothing to compare."""
    return summary([one / other for one, other in zip(samples, floor, strict=False) if other > 0])
