"""Standardised differences of two groups within strata, of many resamples at once."""

from __future__ import annotations

import numpy as np


def strata_of(values: np.ndarray, bins: int) -> np.ndarray:
    """Return the quantile bin of each value, (n,) ints; equal values share one.

    Five of them remove about nine tenths of the bias of a covariate (Cochran 1968, Biometrics 24).
    """
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    found: np.ndarray = np.searchsorted(edges, values, side="left")
    return found


class StratifiedDifference:
    """Two groups of samples in strata."""

    def __init__(self, values: np.ndarray, high: np.ndarray, strata: np.ndarray) -> None:
        """Arrange the samples.

        Args:
            values: (n,) what is compared.
            high: (n,) bool, the one group; the others are the other.
            strata: (n,) ints.
        """
        cell = 2 * np.unique(strata, return_inverse=True)[1].reshape(-1) + high
        self._values = values - (values.mean() if len(values) else 0.0)
        self._member = (cell[:, None] == np.arange(2 * (cell.max(initial=0) // 2 + 1))).astype(np.float64)

    def hedges_g(self, weights: np.ndarray) -> np.ndarray:
        r"""Return Hedges' g of high minus low in each resample.

        The differences within strata are weighted by :math:`n_1 n_0 / (n_1 + n_0)` (Cochran 1954, Biometrics 10), the
        standard deviation is pooled within groups and strata, and the small-sample correction is 1 − 3 / (4 df − 1)
        (Hedges 1981). A stratum that has one of the groups only counts for nothing.

        Args:
            weights: (b, n), not negative.

        Returns:
            (b,); NaN where no stratum has both groups, or nothing varies within them.
        """
        shape = (len(weights), -1, 2)
        member, values = self._member, self._values[:, None]
        count, total, square = ((weights @ x).reshape(shape) for x in (member, member * values, member * values**2))
        both = (count > 0).all(axis=2, keepdims=True)
        count, total, square = (np.where(both, x, 0.0) for x in (count, total, square))
        safe = np.where(count > 0, count, 1.0)
        means = total / safe
        within = np.maximum(square - total * means, 0.0).sum(axis=(1, 2))
        df = count.sum(axis=(1, 2)) - 2 * both[..., 0].sum(axis=1)
        pair = count.sum(axis=2)
        share = count.prod(axis=2) / np.where(pair > 0, pair, 1.0)
        known = (share.sum(axis=1) > 0) & (df > 1) & (within > 1e-12 * square.sum(axis=(1, 2)))
        apart = (share * (means[..., 1] - means[..., 0])).sum(axis=1) / np.where(known, share.sum(axis=1), 1.0)
        spread = np.sqrt(np.where(known, within, 1.0) / np.where(known, df, 1.0))
        found: np.ndarray = np.where(known, apart / spread * (1 - 3 / (4 * np.where(known, df, 2.0) - 1)), np.nan)
        return found

    def counts(self) -> np.ndarray:
        """Return the samples of each stratum, low and high, (strata, 2) ints."""
        found: np.ndarray = self._member.sum(axis=0).reshape(-1, 2).astype(np.int64)
        return found
