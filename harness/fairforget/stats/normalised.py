"""How far a method gets from where it starts to where it ought to arrive, with the noise of both ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from fairforget.stats.intervals import LEVEL, Estimate
from fairforget.stats.strata import standardised_mean

LARGEST_NOISE: Final = 0.2
"""Largest half-width of the interval of the gap, as a share of the gap, for which the linear interval is given: its
square is the g of Fieller (1954, Journal of the Royal Statistical Society B 16), which below 0.05 changes little."""


def normalised_mean(
    values: Sequence[np.ndarray],
    start: Sequence[np.ndarray],
    aim: Sequence[np.ndarray],
    weights: Sequence[float],
    level: float = LEVEL,
    overlap: Sequence[float] = (),
) -> Estimate | None:
    """Return R = (x̄ − ū) / (ō − ū) of standardised means with its interval: 0 is the start u, 1 the aim o.

    All three are paired by draw. With e = (x − u − R (o − u)) / (ō − ū) of each draw, R + e has the mean R and, to
    first order, the variance of the ratio (Cochran 1977, Sampling Techniques, 6.3), that of both ends included; the
    interval is the t-interval of its `standardised_mean`.

    Args:
        values: one array of draw means a stratum, (draws,), without gaps.
        start: those of the model before, on the same draws.
        aim: those of the model that is aimed at, on the same draws.
        weights: one a stratum, see `fairforget.stats.strata.standardised_mean`.
        level: coverage of the interval.
        overlap: one share a stratum, see `fairforget.stats.overlap`; empty = no draws overlap.

    Returns:
        None where there are too few draws for an interval of the gap, or the gap is too little known to divide by it:
        see `LARGEST_NOISE`.

    Raises:
        ValueError: weights that are no weights, or overlaps that are no shares.
    """
    gaps = [o - u for o, u in zip(aim, start, strict=True)]
    gap = standardised_mean(gaps, weights, level, overlap)
    if gap is None or gap.half_width is None or not gap.half_width < LARGEST_NOISE * abs(gap.mean):
        return None
    gains = [x - u for x, u in zip(values, start, strict=True)]
    gain = standardised_mean(gains, weights, level, overlap)
    if gain is None:
        return None
    ratio = gain.mean / gap.mean
    linear = [ratio + (x - ratio * width) / gap.mean for x, width in zip(gains, gaps, strict=True)]
    return standardised_mean(linear, weights, level, overlap)
