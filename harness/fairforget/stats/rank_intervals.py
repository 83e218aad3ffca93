"""Intervals of ranks from resampled means.

The rank interval of a method counts the methods that are significantly better and worse than it, where the bootstrap
gives the critical value of the largest of its M − 1 studentised differences (Mogstad, Romano, Shaikh and Wilhelm 2024,
Review of Economic Studies 91, their marginal confidence set). It holds for one method at a time; the rank sets of
`fairforget.stats.ranks` hold for all at once and are wider, as a rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Tails:
    """Numbers √(χ² / df) that turn normal deviations into those of Student's t; all 1 for the plain bootstrap."""

    def __init__(self, rng: np.random.Generator, resamples: int, draws: Sequence[int], *, plain: bool) -> None:
        self.draws = sum(draws)
        self._rng, self._resamples, self._plain = rng, resamples, plain
        self._by_stratum = [n - 1 for n in draws]
        self._drawn: dict[int, np.ndarray] = {}

    def shared(self, variances: Sequence[float]) -> np.ndarray:
        """Return one number a resample, for all methods, (resamples,).

        Args:
            variances: what each stratum adds to the variance of a mean.
        """
        return self._of(self._df(variances))[: self._resamples]

    def own(self, variances: np.ndarray) -> np.ndarray:
        """Return the same for one pair of methods, in an order of its own: its estimated variance is its own, too."""
        start = int(self._rng.integers(self._resamples))
        return self._of(self._df(variances))[start : start + self._resamples]

    def _df(self, variances: Sequence[float] | np.ndarray) -> int:
        largest = max(variances)
        parts = [float(v / largest) for v in variances] if largest > 0 else [0.0] * len(variances)
        spread = sum(v * v / df for v, df in zip(parts, self._by_stratum, strict=True))
        df = sum(parts) ** 2 / spread if spread > 0 else sum(self._by_stratum)
        return int(df + 1e-9)  # down, to the wider side

    def _of(self, df: int) -> np.ndarray:
        """Return them twice in a row, (2 · resamples,), so that any start is the begin of a whole order."""
        if df not in self._drawn:
            once = np.ones(self._resamples) if self._plain else np.sqrt(self._rng.chisquare(df, self._resamples) / df)
            self._drawn[df] = np.concatenate([once, once])
        return self._drawn[df]


def of_differences(deviations: np.ndarray) -> np.ndarray:
    """Return the variance of the difference of every pair of methods, (methods, methods) of (methods, resamples)."""
    covariance = np.atleast_2d(np.cov(deviations, bias=True))
    both = np.add.outer(covariance.diagonal(), covariance.diagonal())
    found: np.ndarray = both - 2 * covariance
    for j, k in np.argwhere(found < 1e-6 * both):  # what cancels is computed from the differences themselves
        found[j, k] = (deviations[j] - deviations[k]).var()
    return found


def rank_intervals(
    means: np.ndarray, deviations: np.ndarray, variances: np.ndarray, tails: Tails, level: float, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the rank interval of each method.

    Args:
        means: (methods,).
        deviations: (methods, resamples).
        variances: (strata, methods, methods), of the differences of pairs.
        tails: what widens them.
        level: coverage.
        noise: differences up to this are rounding.

    Returns:
        The better and the worse end, (methods,) ints each.
    """
    methods, resamples = deviations.shape
    low, high = np.ones(methods, dtype=np.int64), np.full(methods, methods)
    # The same difference in every draw has no error to compare with: the sign-flip test, with Bonferroni's correction.
    steady = 0.0 if 2 * 0.5**tails.draws * (methods - 1) <= 1 - level else np.inf
    error = np.sqrt(variances.sum(axis=0))
    for j in range(methods):
        ahead = means[j] - means
        largest = np.zeros(resamples)
        needed = np.where(np.abs(ahead) > noise, steady, np.inf)
        tested = np.flatnonzero(error[j] > noise)
        for k in tested:
            apart = (deviations[j] - deviations[k]) / tails.own(variances[:, j, k])
            np.maximum(largest, np.abs(apart, out=apart) / error[j, k], out=largest)
        needed[tested] = np.quantile(largest, level, method="higher") * error[j, tested]
        low[j] = 1 + (-ahead > needed).sum()
        high[j] = methods - (ahead > needed).sum()
    return low, high
