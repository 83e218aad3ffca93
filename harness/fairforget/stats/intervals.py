"""Intervals over forget-set draws.

The draw is the unit of randomness: methods differ between forget sets far more than between items, so an interval over
items is much too narrow, and one over draw means with Student's t holds its level from three draws on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fairforget.stats.overlap import inflation

FEWEST_DRAWS: Final = 3
"""With fewer there is no interval and no rank."""
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over draws with its interval."""

    mean: float
    low: float | None
    """Lower end of the interval; None with fewer than three draws, or where all draws are one set."""
    high: float | None
    n: int
    """Draws."""
    sd: float | None
    """Standard deviation between draws, n − 1 in the denominator; None for one draw."""

    @property
    def half_width(self) -> float | None:
        """Half the length of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def draw_means(values: np.ndarray) -> np.ndarray:
    """Return the mean over seeds of each draw, (draws,), from (draws, seeds); NaN where a seed is missing.

    A draw is not the mean of the seeds that happened to survive.
    """
    means: np.ndarray = np.asarray(values, dtype=np.float64).mean(axis=1)
    return means


def t_interval(draws: np.ndarray, level: float = LEVEL, overlap: float = 0.0) -> Estimate | None:
    """Return mean and Student's t-interval of draw means, n − 1 degrees of freedom.

    Args:
        draws: (n,), one number a draw (seeds averaged within the draw before); NaN = missing, left out and not counted.
        level: coverage of the interval.
        overlap: mean pairwise share of samples of the draws that are there; see `fairforget.stats.overlap`.

    Returns:
        None without any draw. The interval speaks for new forget sets and new runs of the same task and target.

    Raises:
        ValueError: an overlap that is no share.
    """
    found = np.asarray(draws, dtype=np.float64)
    return t_intervals(found[None, ~np.isnan(found)], level, overlap)[0]


def t_intervals(rows: np.ndarray, level: float = LEVEL, overlap: float = 0.0) -> Sequence[Estimate | None]:
    """Return `t_interval` of every row of (rows, n) without NaN, to the last bit."""
    from scipy.special import stdtrit

    rows = np.ascontiguousarray(rows)  # sums depend on the order in which numbers lie
    n = rows.shape[1]
    if n == 0:
        return [None] * len(rows)
    means = rows.mean(axis=1).tolist()
    sds = rows.std(axis=1, ddof=1) if n > 1 else None
    factor = inflation(n, overlap)
    if sds is None or n < FEWEST_DRAWS or overlap == 1:
        found = [None] * len(rows) if sds is None else sds.tolist()
        return [Estimate(mean, None, None, n, sd) for mean, sd in zip(means, found, strict=True)]
    halves = (float(stdtrit(n - 1, (1 + level) / 2)) * sds * factor**0.5 / n**0.5).tolist()
    ends = zip(means, halves, sds.tolist(), strict=True)
    return [Estimate(mean, mean - half, mean + half, n, sd) for mean, half, sd in ends]


def paired_difference(
    first: np.ndarray, second: np.ndarray, level: float = LEVEL, overlap: float = 0.0
) -> Estimate | None:
    """Return the interval of ``first − second`` over the draws that both have.

    What a draw does to every method cancels in the difference, which is why methods are compared in pairs and not by
    whether their intervals overlap.

    Args:
        first: (n,), one number a draw; NaN = missing.
        second: (n,), the same draws in the same order.
        level: coverage of the interval.
        overlap: as that of `t_interval`, of the draws both have.
    """
    return t_interval(np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64), level, overlap)
