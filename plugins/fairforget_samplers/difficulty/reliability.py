"""How far a score made of random draws would agree with itself."""

from __future__ import annotations

import numpy as np

SPLITS = 32
"""Random halvings that are averaged: one alone is as noisy as the score."""


def split_half(draws: np.ndarray, rng: np.random.Generator, *, splits: int = SPLITS) -> float | None:
    """Return the split-half rank reliability of ``|mean over draws|``, corrected by Spearman and Brown.

    The draws are halved at random; each half makes its own scores; their Spearman correlation r, averaged over the
    halvings, becomes 2r / (1 + r), what two whole scores of as many draws would correlate. It says how reproducible
    the ranking is, not what it measures: an error common to all draws raises it.

    Args:
        draws: (draws, samples) the value of each draw for each sample; NaN where a draw failed.
        rng: halves the draws.
        splits: number of halvings.

    Returns:
        0 … 1 (0 where the halves disagree), or None with fewer than two draws or three samples, or where a half
        gives all samples the same score.
    """
    draws = draws[:, np.isfinite(draws).any(0)] if draws.size else draws
    count, samples = draws.shape
    if count < 2 or samples < 3:
        return None
    correlations = []
    for _ in range(splits):
        order = rng.permutation(count)
        first, second = draws[order[: count // 2]], draws[order[count // 2 :]]
        correlations.append(_spearman(np.abs(finite_mean(first)), np.abs(finite_mean(second))))
    known = [c for c in correlations if c is not None]
    if not known:
        return None
    r = max(0.0, float(np.mean(known)))
    return 2 * r / (1 + r)


def finite_mean(draws: np.ndarray) -> np.ndarray:
    """Return the mean over the finite draws of each sample, (samples,); NaN where there is none."""
    good = np.isfinite(draws)
    total = np.where(good, draws, 0.0).sum(0)
    count = good.sum(0)
    mean: np.ndarray = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def standard_error(draws: np.ndarray) -> np.ndarray:
    """Return the standard error of `finite_mean`, (samples,); NaN with fewer than two finite draws."""
    good = np.isfinite(draws)
    count = good.sum(0)
    squares = np.where(good, (draws - finite_mean(draws)) ** 2, 0.0).sum(0)
    variance = np.divide(squares, count - 1, out=np.full(count.shape, np.nan), where=count > 1)
    error: np.ndarray = np.sqrt(variance / np.maximum(count, 1))
    return error


def _spearman(a: np.ndarray, b: np.ndarray) -> float | None:
    good = np.isfinite(a) & np.isfinite(b)
    from scipy.stats import rankdata  # planning a study loads this module, and scipy.stats is slow to import

    ranks = rankdata(np.stack([a[good], b[good]]), axis=1)
    ranks -= ranks.mean(1, keepdims=True)
    scale = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float(ranks[0] @ ranks[1]) / scale if scale > 0 else None
