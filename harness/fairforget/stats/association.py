"""How two numbers of the same samples go together, when samples come in draws."""

from __future__ import annotations

import math

import numpy as np

from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL, Estimate

MOST_GROUPS = 20
"""Parts that the jackknife leaves out one by one."""


def shares_below(values: np.ndarray) -> np.ndarray:
    """Return the mid-distribution value of each: the share of smaller ones plus half the share of equal ones.

    Args:
        values: (n,) without NaN.

    Returns:
        (n,), between 0 and 1; the mean is 1/2.
    """
    order = np.argsort(values)
    ordered = values[order]
    starts = np.ones(len(values), dtype=bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    below = np.flatnonzero(starts)
    upto = np.append(below[1:], len(values))
    shares = np.empty(len(values))
    shares[order] = ((below + upto) / (2 * len(values)))[np.cumsum(starts) - 1]
    return shares


def spearman(x: np.ndarray, y: np.ndarray) -> float | None:
    """Return Spearman's correlation, ties with their mean rank; None where either is constant.

    Args:
        x: (n,) without NaN.
        y: (n,) without NaN.
    """
    a, b = shares_below(x) - 0.5, shares_below(y) - 0.5
    spread = math.sqrt(float(a @ a) * float(b @ b))
    if len(x) < 2 or spread == 0:
        return None
    return min(1.0, max(-1.0, float(a @ b) / spread))


def jackknifed_spearman(x: np.ndarray, y: np.ndarray, draw_of: np.ndarray, level: float = LEVEL) -> Estimate | None:
    """Return Spearman's correlation over all samples, with an interval that speaks for new draws.

    Samples of one draw are forgotten together, so they are no independent witnesses: whole draws are left out one by
    one (groups of draws where there are more than `MOST_GROUPS`), and the interval is Student's on Fisher's z with the
    standard error of the delete-a-group jackknife (Kott 2001).

    Args:
        x: (n,) without NaN.
        y: (n,) without NaN.
        draw_of: (n,) the draw of each sample.
        level: coverage of the interval.

    Returns:
        Mean = the correlation; n = draws; no interval with fewer than three draws, or where leaving one out leaves
        nothing to correlate. None where either is constant.
    """
    from scipy.special import stdtrit

    rho = spearman(x, y)
    draws = np.unique(draw_of)
    if rho is None:
        return None
    groups = min(len(draws), MOST_GROUPS)
    if groups < FEWEST_DRAWS:
        return Estimate(rho, None, None, len(draws), None)
    group = np.searchsorted(draws, draw_of) % groups
    found = [spearman(x[group != i], y[group != i]) for i in range(groups)]
    left = [value for value in found if value is not None]
    if len(left) < groups:
        return Estimate(rho, None, None, len(draws), None)
    z = np.arctanh(np.clip(left, -0.999999, 0.999999))
    error = math.sqrt((groups - 1) / groups * float(((z - z.mean()) ** 2).sum()))
    middle = math.atanh(min(0.999999, max(-0.999999, rho)))
    half = float(stdtrit(groups - 1, (1 + level) / 2)) * error
    return Estimate(rho, math.tanh(middle - half), math.tanh(middle + half), len(draws), None)
