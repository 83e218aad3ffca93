"""Rank correlations of many resamples at once: a resample is how often each sample is in it.

To draw samples with replacement is to give them whole weights. Ranks then need no sorting of every resample: the order
of the samples is that of the data, and only how many lie below each of them changes.
"""

from __future__ import annotations

import numpy as np


class Ranked:
    """Numbers of the same samples, sorted once."""

    def __init__(self, values: np.ndarray) -> None:
        """Sort.

        Args:
            values: (n,) without NaN; infinite ones are ranked like others, ties among them included.
        """
        self._order = np.argsort(values, kind="stable")
        ordered = values[self._order]
        self._starts = np.ones(len(values), dtype=bool)
        self._starts[1:] = ordered[1:] != ordered[:-1]

    def shares(self, weights: np.ndarray) -> np.ndarray:
        """Return the mid-distribution value of each number in each resample, less the mean 1/2.

        With whole weights it is (mid-rank − 1/2) / total − 1/2 of the resample; see
        `fairforget.stats.association.shares_below`.

        Args:
            weights: (resamples, n), not negative.

        Returns:
            (resamples, n); weighted by `weights` their mean is 0. 0 where all weights are 0.
        """
        upto = np.cumsum(weights[:, self._order], axis=1)
        total = upto[:, -1:]
        first = np.flatnonzero(self._starts)
        below = np.concatenate([np.zeros((len(weights), 1)), upto[:, first[1:] - 1]], axis=1)
        until = np.concatenate([below[:, 1:], total], axis=1)
        tie = np.cumsum(self._starts) - 1
        found = np.zeros(weights.shape)
        found[:, self._order] = ((below + until) / 2)[:, tie]
        shares: np.ndarray = np.divide(found, total, out=np.full(weights.shape, 0.5), where=total > 0) - 0.5
        return shares


def rank_covariance(columns: list[Ranked], weights: np.ndarray) -> np.ndarray:
    """Return the covariance of the ranks of every two columns in each resample, (resamples, columns, columns)."""
    shares = np.stack([column.shares(weights) for column in columns])
    total = weights.sum(axis=1)[:, None, None]
    found = np.einsum("ibn,jbn,bn->bij", shares, shares, weights, optimize=True)
    covariance: np.ndarray = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    return covariance


def without(covariance: np.ndarray, kept: int) -> np.ndarray:
    """Return the covariance of what is left of the first columns where the others are regressed out.

    Args:
        covariance: (resamples, columns, columns).
        kept: how many columns are kept; the others are regressors. Those that are constant, or follow from the others,
            count for nothing.

    Returns:
        (resamples, kept, kept).
    """
    if covariance.shape[1] == kept:
        return covariance
    own, across = covariance[:, :kept, :kept], covariance[:, :kept, kept:]
    inverse = np.linalg.pinv(covariance[:, kept:, kept:], rcond=1e-9, hermitian=True)
    left: np.ndarray = own - across @ inverse @ across.transpose(0, 2, 1)
    return left


def correlation(covariance: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    """Return the correlation of the first two columns, (resamples,); NaN where nothing is left of one of them.

    Args:
        covariance: (resamples, 2 or more, 2 or more), residual or not.
        before: the same before anything was regressed out; what is only rounding of it is nothing. None = `covariance`
            itself, against which only zero is nothing.
    """
    variances = np.stack([covariance[:, 0, 0], covariance[:, 1, 1]])
    least = np.zeros_like(variances) if before is None else 1e-9 * np.stack([before[:, 0, 0], before[:, 1, 1]])
    there = (variances > least).all(axis=0)
    spread = np.sqrt(np.where(there, variances[0] * variances[1], 1.0))
    return np.where(there, np.clip(covariance[:, 0, 1] / spread, -1.0, 1.0), np.nan)
