"""Intervals of statistics that are no means, over samples that come in clusters.

A resample draws whole clusters with replacement, so a statistic is a function of how often each sample counts; many
resamples are many rows of weights, and are worked out at once. The interval is BCa (Efron 1987, JASA 82), which is
second-order right and does not ask on what scale the statistic is told, with the quantiles of Student's t times
√(G / (G − 1)) in place of the normal ones (Hesterberg 2015, The American Statistician 69: few clusters make a bootstrap
too narrow).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from fairforget.stats.intervals import LEVEL

FEWEST_CLUSTERS: Final = 10
"""With fewer there is no interval: their resamples are too few and too much alike."""
RESAMPLES: Final = 2000
_MOST_LOST: Final = 0.05
_AT_ONCE: Final = 1 << 18
"""Weights held at a time; bounds the memory and changes no number."""

Weighted = Callable[[np.ndarray], np.ndarray]
"""(resamples, n) weights of the samples -> (resamples,) the statistic; NaN where a resample has none."""


@dataclass(frozen=True, slots=True)
class Resampled:
    """A statistic with its interval."""

    value: float
    """NaN where the samples themselves have none."""
    low: float
    """NaN where there is no interval."""
    high: float
    clusters: int
    lost: int
    """Resamples without a value, of which the interval knows nothing."""


def cluster_bootstrap(
    statistic: Weighted,
    clusters: np.ndarray,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Resampled:
    """Return a statistic with its BCa interval.

    Args:
        statistic: see `Weighted`; weights are whole numbers, in the jackknife 0 and 1.
        clusters: (n,) ints, the cluster of each sample.
        rng: what is drawn with.
        resamples: how many.
        level: coverage of the interval.

    Returns:
        Without an interval where there are fewer than ten clusters, more than 5 % of the resamples have no value, or a
        cluster is one without which there is none.
    """
    _, of = np.unique(np.asarray(clusters), return_inverse=True)
    groups = int(of.max(initial=-1)) + 1
    value = float(statistic(np.ones((1, len(of))))[0]) if groups else math.nan
    nothing = Resampled(value, math.nan, math.nan, groups, 0)
    if groups < FEWEST_CLUSTERS or math.isnan(value):
        return nothing
    counts = rng.multinomial(groups, np.full(groups, 1 / groups), size=resamples).astype(np.float64)
    found = _of(statistic, counts, of)
    there = np.sort(found[~np.isnan(found)])
    lost = resamples - len(there)
    left_out = _of(statistic, 1 - np.eye(groups), of)
    if lost > _MOST_LOST * resamples or np.isnan(left_out).any():
        return Resampled(value, math.nan, math.nan, groups, lost)
    low, high = _bca(value, there, left_out, level)
    return Resampled(value, low, high, groups, lost)


def _of(statistic: Weighted, counts: np.ndarray, of: np.ndarray) -> np.ndarray:
    step = max(1, _AT_ONCE // len(of))
    return np.concatenate([statistic(counts[i : i + step][:, of]) for i in range(0, len(counts), step)])


def _bca(value: float, resampled: np.ndarray, left_out: np.ndarray, level: float) -> tuple[float, float]:
    """Return the ends of the interval; `resampled` ascends."""
    from scipy.special import ndtr, ndtri, stdtrit

    size, groups = len(resampled), len(left_out)
    # What differs by rounding only is not below.
    near = 1e-12 * max(1.0, abs(value))
    below = np.searchsorted(resampled, value - near) / size
    upto = np.searchsorted(resampled, value + near, side="right") / size
    bias = float(ndtri(min(1 - 0.5 / size, max(0.5 / size, (below + upto) / 2))))
    away = left_out.mean() - left_out
    spread = float((away**2).sum())
    skew = float((away**3).sum()) / (6 * spread**1.5) if spread > near**2 else 0.0
    wide = math.sqrt(groups / (groups - 1)) * float(stdtrit(groups - 1, (1 + level) / 2))
    # Where the skewness is so large that the correction has turned round, the end is that of all resamples.
    ends = [
        bias + (bias + z) / (1 - skew * (bias + z)) if skew * (bias + z) < 1 else z * math.inf for z in (-wide, wide)
    ]
    # Of B resamples the k-th has the share k / (B + 1) below it, as of B draws from a distribution.
    low, high = np.quantile(resampled, ndtr(np.array(ends)), method="weibull")
    return min(float(low), value), max(float(high), value)
