"""Probability of improvement: how often one method beats another on a new forget set, and how sure that is.

Agarwal et al. (2021, Deep reinforcement learning at the edge of the statistical precipice) compare every run of one
algorithm with every run of the other. Here runs are paired: under one seed on one draw, a win counts 1 and a tie ½, and
a draw counts by the mean over its seeds. It says how often, not by how much.

The interval takes the draws as what varies. The counts of a draw lie between 0 and 1, and of all such variables with
the same mean those that are only ever 0 or 1 spread most; so the binomial interval of Clopper and Pearson (1934), taken
at a count that need not be whole, errs on the wide side where a draw has several seeds, and is exact with one. With
strata, n is the effective number of draws 1 / Σ (w² / n), as Korn and Graubard (1998, Survey Methodology 24) do for
proportions of surveys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.stats.cube import PairedCube
from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL
from fairforget.stats.overlap import inflation
from fairforget.stats.strata import overlaps

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Improvement:
    """Of every ordered pair of M methods, (M, M): row beats column. The diagonal is NaN."""

    value: np.ndarray
    """The probability; NaN where the two have no draw in common in a stratum that counts."""
    low: np.ndarray
    """Lower end of the interval; NaN with fewer than three draws in a stratum that counts."""
    high: np.ndarray
    n: np.ndarray
    """Draws that both have, of the strata that count."""


def improvement(
    cube: PairedCube, weights: Sequence[float] = (), overlap: Sequence[float] = (), level: float = LEVEL
) -> Improvement:
    """Return the probability of improvement of every pair of methods, standardised over strata.

    Args:
        cube: higher is better. A pair is compared on the draws on which neither has a gap.
        weights: one a stratum, strata ascending; empty = the same for all.
        overlap: one share a stratum, see `fairforget.stats.overlap`; empty = no draws overlap.
        level: coverage of the intervals.

    Raises:
        ValueError: weights that are no weights, overlaps that are no shares.
    """
    methods = len(cube.values)
    shared = overlaps(overlap, len(cube.by_stratum()))
    wins = _wins(cube)
    present = ~np.isnan(wins)
    value, spread = np.zeros((methods, methods)), np.zeros((methods, methods))
    n, fewest = np.zeros((methods, methods), dtype=np.int64), np.full((methods, methods), FEWEST_DRAWS)
    for draws, share, place in cube.counted(weights):
        counts = present[:, :, draws].sum(axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            value += share * np.where(present[:, :, draws], wins[:, :, draws], 0.0).sum(axis=2) / counts
            spread += share**2 * np.array([inflation(c, shared[place]) for c in range(len(draws) + 1)])[counts] / counts
        n += counts
        fewest = np.minimum(fewest, counts)
    np.fill_diagonal(value, np.nan)
    known = (fewest >= FEWEST_DRAWS) & ~np.isnan(value)
    low, high = (np.full((methods, methods), np.nan) for _ in range(2))
    low[known], high[known] = _clopper_pearson(value[known], 1 / spread[known], level)
    return Improvement(value, low, high, n)


def _wins(cube: PairedCube) -> np.ndarray:
    """Return the mean over seeds of 1 for a win and ½ for a tie, (methods, methods, draws); NaN where one has a gap."""
    asked = cube.asked()
    size = float(np.abs(cube.values[~np.isnan(cube.values)]).max(initial=0.0))
    found = np.full((len(cube.values), len(cube.values), cube.values.shape[1]), np.nan)
    for method, own in enumerate(cube.values):
        apart = own - cube.values
        won = (apart > _ROUNDING * size) + 0.5 * (np.abs(apart) <= _ROUNDING * size)
        won = np.where(np.isnan(apart) & asked, np.nan, np.where(asked, won, 0.0))
        with np.errstate(invalid="ignore"):
            found[method] = won.sum(axis=2) / asked.sum(axis=1)
    return found


def _clopper_pearson(value: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact interval of shares of `n`, neither `n` nor ``value * n`` whole."""
    from scipy.special import betaincinv

    count, tail = np.clip(value, 0, 1) * n, (1 - level) / 2
    some, fails = count > _ROUNDING * n, n - count > _ROUNDING * n
    low = np.where(some, betaincinv(np.where(some, count, 1.0), n - count + 1, tail), 0.0)
    high = np.where(fails, betaincinv(count + 1, np.where(fails, n - count, 1.0), 1 - tail), 1.0)
    return low, high
