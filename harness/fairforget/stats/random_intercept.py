r"""Linear models with a random intercept for each cluster.

.. math:: y = X \beta + u_c + \varepsilon, \quad u_c \sim N(0, \lambda \sigma^2), \ \varepsilon \sim N(0, \sigma^2)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

_LARGEST: Final = 1e6
"""Ratio of variances beyond which the intercepts are as good as fixed."""


@dataclass(frozen=True, slots=True, eq=False)
class RandomIntercept:
    """A model fitted by restricted maximum likelihood (Patterson and Thompson 1971, Biometrika 58)."""

    ratio: float
    """λ, the variance between clusters over that within them."""
    residual: float
    """σ², within clusters."""
    coefficients: np.ndarray
    """(p,)."""
    errors: np.ndarray
    """(p,) standard errors that take λ as known."""
    gram: np.ndarray
    """(clusters, p, p) X' V⁻¹ X of each cluster, V in units of σ²."""
    moment: np.ndarray
    """(clusters, p) X' V⁻¹ y of each."""

    def weighted(self, weights: np.ndarray) -> np.ndarray:
        """Return the coefficients where clusters count more than once or not at all, λ as it is.

        Args:
            weights: (b, clusters), not negative.

        Returns:
            (b, p); NaN where the clusters that count do not tell them.
        """
        gram = np.tensordot(weights, self.gram, axes=1)
        scale = np.sqrt(np.einsum("bii->bi", gram))
        unit = gram / np.maximum(scale[:, :, None] * scale[:, None, :], 1e-300)
        told = np.linalg.eigvalsh(unit)[:, 0] > 1e-9
        gram[~told] = np.eye(gram.shape[1])
        found = np.linalg.solve(gram, (weights @ self.moment)[..., None])[..., 0]
        known: np.ndarray = np.where(told[:, None], found, np.nan)
        return known


def random_intercept(y: np.ndarray, x: np.ndarray, clusters: np.ndarray) -> RandomIntercept | None:
    """Fit the model.

    Args:
        y: (n,).
        x: (n, p), a constant among its columns where one is wanted.
        clusters: (n,) ints 0 … G − 1.

    Returns:
        None where `x` has columns that follow from others, leaves nothing over, or y lies on it.
    """
    from scipy.optimize import minimize_scalar

    n, p = x.shape
    if n <= p or np.linalg.matrix_rank(x) < p:
        return None
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    if rest @ rest <= 1e-20 * max(float(y @ y), 1e-300):
        return None
    sums = _Sums(y, x, clusters)
    found = minimize_scalar(lambda t: sums.deviance(np.expm1(t)), bounds=(0.0, np.log1p(_LARGEST)), method="bounded")
    # The bounded search never tries the end itself, where there is no variance between clusters.
    ratio = float(np.expm1(found.x)) if found.fun < sums.deviance(0.0) else 0.0
    return sums.fit(ratio)


class _Sums:
    def __init__(self, y: np.ndarray, x: np.ndarray, clusters: np.ndarray) -> None:
        self.n, self.p = x.shape
        self.y, self.x, self.clusters = y, x, clusters
        groups = int(clusters.max()) + 1
        self.sizes = np.bincount(clusters, minlength=groups).astype(np.float64)
        self.within = np.zeros((groups, self.p + 1, self.p + 1))
        both = np.concatenate([x, y[:, None]], axis=1)
        np.add.at(self.within, clusters, both[:, :, None] * both[:, None, :])
        self.totals = np.zeros((groups, self.p + 1))
        np.add.at(self.totals, clusters, both)

    def moments(self, ratio: float) -> np.ndarray:
        """Return (X, y)' V⁻¹ (X, y) of each cluster; V⁻¹ = I − λ / (1 + λ m) 1 1'."""
        shrink = ratio / (1 + ratio * self.sizes)
        found: np.ndarray = self.within - shrink[:, None, None] * self.totals[:, :, None] * self.totals[:, None, :]
        return found

    def deviance(self, ratio: float) -> float:
        """Return −2 times the restricted log-likelihood, profiled over β and σ², but for a constant."""
        total = self.moments(ratio).sum(axis=0)
        gram, cross, square = total[:-1, :-1], total[:-1, -1], total[-1, -1]
        left = max(float(square - cross @ np.linalg.solve(gram, cross)), 1e-300)
        return float((self.n - self.p) * np.log(left) + np.log1p(ratio * self.sizes).sum() + np.linalg.slogdet(gram)[1])

    def fit(self, ratio: float) -> RandomIntercept:
        each = self.moments(ratio)
        total = each.sum(axis=0)
        gram, cross, square = total[:-1, :-1], total[:-1, -1], total[-1, -1]
        beta = np.linalg.solve(gram, cross)
        residual = max(float(square - cross @ beta), 0.0) / (self.n - self.p)
        errors = np.sqrt(residual * np.diag(np.linalg.inv(gram)))
        return RandomIntercept(ratio, residual, beta, errors, each[:, :-1, :-1], each[:, :-1, -1])
