"""Optimal pairs of units that differ in nothing that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

_NARROWER = 5
"""Calipers that are tried, each narrower by the root of two."""


def optimal_pairs(
    one: np.ndarray, other: np.ndarray, spread: np.ndarray, caliper: float, allowed: np.ndarray
) -> np.ndarray:
    """Return optimal pairs without replacement of the rows of two tables (Rosenbaum 1989), in the order of the first.

    Of all ways to pair within the calipers the one with most pairs is taken, and of these the one with the least sum of
    squared standardised differences.

    Args:
        one: (n, c) covariates.
        other: (m, c).
        spread: (c,) what differences are measured in; where it is 0 only equal values may be paired.
        caliper: largest difference in each covariate, in `spread`.
        allowed: (n, m) which pairs may be made at all.

    Returns:
        (pairs, 2) positions.
    """
    fits, cost = allowed.copy(), np.zeros(allowed.shape)
    for column, unit in enumerate(spread):
        gap = np.abs(one[:, None, column] - other[None, :, column])
        gap = np.where(gap > 0, gap / unit if unit > 0 else np.inf, 0.0)
        near = gap <= caliper
        fits &= near
        cost += np.square(np.where(near, gap, 0.0))
    if not fits.any():
        return np.empty((0, 2), dtype=int)
    # Dearer than all pairs together: one more pair is worth any sum of differences.
    cost = np.where(fits, cost, 1 + cost[fits].max() * min(fits.shape))
    left, right = linear_sum_assignment(cost)
    kept = fits[left, right]
    return np.column_stack([left[kept], right[kept]])


def optimal_rows(tables: Sequence[np.ndarray], sizes: Sequence[np.ndarray], caliper: float) -> np.ndarray:
    """Return matched rows over several tables, (rows, tables) positions, in the order of the first table.

    Two tables are paired optimally; further ones are paired with what is left of the first, one after the other, so
    that each unit is within the calipers of the first table's, though not always of the others'.

    Args:
        tables: (n_s, c) covariates of the units of each stratum; differences are in standard deviations within strata.
        sizes: (n_s,) samples of each unit; only units of one size are put together.
        caliper: largest difference from the first table's in each covariate.
    """
    spread = within(tables)
    rows = np.arange(len(tables[0]))[:, None]
    for table, size in zip(tables[1:], sizes[1:], strict=True):
        first = rows[:, 0]
        found = optimal_pairs(tables[0][first], table, spread, caliper, sizes[0][first][:, None] == size)
        rows = np.column_stack([rows[found[:, 0]], found[:, 1]])
    return rows


def balanced_rows(rows: np.ndarray, tables: Sequence[np.ndarray], alike: float) -> np.ndarray:
    """Return the matched rows without those that pull the tables apart.

    Pairs within a caliper may still all differ in one direction. So rows are left out, each time the one without which
    the largest standardised difference of means from the first table is smallest, until none is above `alike` or one
    row is left.

    Args:
        rows: (rows, tables) positions.
        tables: as in `optimal_rows`.
        alike: largest difference of means, in standard deviations within the tables before matching.
    """
    spread = within(tables)
    gaps = np.stack([table[rows[:, side]] - tables[0][rows[:, 0]] for side, table in enumerate(tables)], axis=1)
    gaps = np.divide(gaps, spread, out=np.zeros_like(gaps), where=spread > 0)
    while len(rows) > 1 and np.abs(gaps.mean(0)).max() > alike:
        without = (gaps.sum(0) - gaps) / (len(rows) - 1)
        worst = int(np.argmin(np.abs(without).reshape(len(rows), -1).max(1)))
        rows, gaps = np.delete(rows, worst, axis=0), np.delete(gaps, worst, axis=0)
    return rows


def matched_rows(
    tables: Sequence[np.ndarray], sizes: Sequence[np.ndarray], caliper: float, alike: float
) -> tuple[np.ndarray, float]:
    """Return the most matched rows that are in balance, and the caliper within which they were found.

    A wide caliper makes more pairs, and more of them all in one direction, which balance then costs again. So
    `caliper` and narrower ones down to a quarter of it are tried, and the one that leaves most rows is taken.
    """
    found = []
    for step in range(_NARROWER):
        width = caliper * 2 ** (-step / 2)
        found.append((balanced_rows(optimal_rows(tables, sizes, width), tables, alike), width))
    return max(found, key=lambda rows: len(rows[0]))


def unit_means(units: Sequence[Sequence[int]], covariates: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return (units, covariates) means over those samples of each unit that have a value; NaN where none has."""
    table = np.full((len(units), len(covariates)), np.nan)
    for column, values in enumerate(covariates.values()):
        for row, unit in enumerate(units):
            known = values[list(unit)]
            if (known := known[np.isfinite(known)]).size:
                table[row, column] = known.mean()
    return table


def within(tables: Sequence[np.ndarray]) -> np.ndarray:
    """Return (c,) standard deviations within tables: the root of their mean variance, divided by n − 1 each."""
    variances = [table.var(0, ddof=1) for table in tables if len(table) > 1]
    return np.sqrt(np.mean(variances, axis=0)) if variances else np.zeros(tables[0].shape[1])
