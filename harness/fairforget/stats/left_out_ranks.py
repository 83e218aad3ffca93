"""Rank correlations of several numbers of the same samples, with all samples and without each group of them."""

from __future__ import annotations

import numpy as np

MOST = 0.999999
"""Fisher's z of a correlation of 1 is infinite."""


def rank_correlations(columns: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return Spearman's correlations, ties with their mean rank, ranked anew without each group.

    Args:
        columns: (p, n) without NaN.
        groups: (n,) ints 0 … G - 1, the group of each sample.

    Returns:
        (1 + G, p, p): first with all samples, then without each group; NaN where a column is constant.
    """
    n, size = columns.shape[1], int(groups.max()) + 1
    kept = np.ones((1 + size, n))
    kept[1 + groups, np.arange(n)] = 0.0
    ranks = np.stack([_ranks(column, kept) for column in columns])
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = (ranks - ((ranks * kept).sum(-1) / kept.sum(1))[..., None]) * kept
        products = np.einsum("agi,bgi->gab", centred, centred)
        scale = np.sqrt(np.einsum("gaa->ga", products))
        found: np.ndarray = products / (scale[:, :, None] * scale[:, None, :])
    return found


def _ranks(column: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return how many of those kept are smaller, plus half of those kept that are equal, (G, n), from (n,), (G, n)."""
    order = np.argsort(column, kind="stable")
    ordered = column[order]
    upto = np.zeros((len(kept), len(column) + 1))
    np.cumsum(kept[:, order], axis=1, out=upto[:, 1:])
    first, last = np.searchsorted(ordered, ordered, "left"), np.searchsorted(ordered, ordered, "right")
    ranks = np.empty(kept.shape)
    ranks[:, order] = (upto[:, first] + upto[:, last]) / 2
    return ranks


def mean_between(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean correlation between two different columns, (…,), and the same without each column, (…, p).

    Args:
        matrices: (…, p, p) with ones on the diagonal, p ≥ 3.
    """
    p = matrices.shape[-1]
    of_each = matrices.sum(-1) - 1.0
    total = of_each.sum(-1)
    without = (total[..., None] - 2 * of_each) / ((p - 1) * (p - 2))
    return total / (p * (p - 1)), without


def partial(matrices: np.ndarray) -> np.ndarray:
    """Return the correlation of the first two columns given the others, (…,); that itself where there are no others.

    Of rank correlations it is the correlation of what is left of the ranks after least squares on the others' ranks.
    NaN where the others tell one of the two, or each other, completely.
    """
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    inverse = np.full_like(flat, np.nan)
    whole = np.isfinite(flat).all((-1, -2))
    # Rounding leaves a singular matrix an inverse of huge numbers.
    whole[whole] = np.linalg.eigvalsh(flat[whole])[:, 0] > 1e-10
    inverse[whole] = np.linalg.inv(flat[whole])
    found: np.ndarray = -inverse[:, 0, 1] / np.sqrt(inverse[:, 0, 0] * inverse[:, 1, 1])
    return found.reshape(matrices.shape[:-2])


def fisher_z(rho: np.ndarray) -> np.ndarray:
    """Return Fisher's z of correlations, those of ±1 as of ±`MOST`."""
    z: np.ndarray = np.arctanh(np.clip(rho, -MOST, MOST))
    return z
