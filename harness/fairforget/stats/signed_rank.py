"""The middle of paired differences of which some are only known to lie beyond a bound.

The estimate of Hodges and Lehmann (1963, Annals of Mathematical Statistics 34) is the median of the averages of every
two differences; its interval inverts Wilcoxon's signed-rank test, exactly and without a normal distribution, for
differences that are symmetric about their middle. Both ends rise with every difference. So where a difference is only
known to lie between two bounds, the interval from the low end of the lower bounds to the high end of the upper bounds
holds whatever the differences are: it is as wide as what is not known makes it, and nothing is put in for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fairforget.stats.intervals import LEVEL


@dataclass(frozen=True, slots=True)
class Middle:
    """Pseudo-median of differences between bounds."""

    value: float
    """Halfway between those of the lower and of the upper bounds; the finite one where only one is; NaN where none."""
    low: float
    """−∞ where too many differences have no lower bound."""
    high: float
    n: int
    open: int
    """Differences of which the bounds are not one number."""


def middle(low: np.ndarray, high: np.ndarray, level: float = LEVEL, inflation: float = 1.0) -> Middle | None:
    """Return the pseudo-median of differences with its interval.

    Args:
        low: (n,) lower bounds, −∞ where there is none.
        high: (n,) upper bounds, ∞ where there is none; equal to `low` where the difference is known.
        level: coverage, at least.
        inflation: of the variance of a mean of them, see `fairforget.stats.overlap.inflation`; the ends move out by its
            root.

    Returns:
        None with fewer differences than can ever show anything: six at 95 %.

    Raises:
        ValueError: NaN, or a lower bound above its upper one.
    """
    one, other = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if not (one <= other).all():
        msg = "every difference needs a lower bound that is not above its upper one"
        raise ValueError(msg)
    n = len(one)
    place = _place(n, (1 - level) / 2)
    if place is None:
        return None
    lower, upper = _averages(one), _averages(other)
    ends = [float(np.median(lower)), float(np.median(upper))]
    known = [end for end in ends if math.isfinite(end)]
    value = sum(known) / len(known) if known else math.nan
    wider = math.sqrt(inflation)
    down, up = value - float(lower[place]), float(upper[len(upper) - 1 - place]) - value
    return Middle(value, value - wider * down, value + wider * up, n, int((one < other).sum()))


def _averages(values: np.ndarray) -> np.ndarray:
    """Return the averages of every two numbers, and each number itself, rising."""
    i, j = np.triu_indices(len(values))
    found: np.ndarray = np.sort((values[i] + values[j]) / 2)
    return found


def _place(n: int, tail: float) -> int | None:
    """Return the place of an end among the averages: the most k with P(T ≤ k) ≤ tail, T the signed-rank sum."""
    chances = np.ones(1)
    for rank in range(1, n + 1):  # the distribution of T, one rank after the other
        longer = np.zeros(len(chances) + rank)
        longer[: len(chances)] += chances / 2
        longer[rank:] += chances / 2
        chances = longer
    k = int(np.searchsorted(np.cumsum(chances), tail, side="right"))
    return None if k == 0 else k - 1
