"""Ranks that say how well they are resolved.

A method's rank is 1 + the number of methods that are significantly better, and its 95 % rank set is

    [1 + #significantly better, M − #significantly worse].

Why that set covers: for every ordered pair (j, k) the hypothesis "j is not better than k" is tested one-sided by a
paired t-test over draws, and Holm's step-down over all M(M − 1) of them keeps the probability of *any* false rejection
at 5 %, whatever the means are and however the tests depend on one another. So with probability 95 % every "j is better
than k" that the table claims is true. Then, for all methods at once, the methods claimed better than j are at most
those that are better, and those claimed worse at most those that are worse: the true rank 1 + #{k: μ_k > μ_j} lies in
the set. This is the construction of Mogstad, Romano, Shaikh and Wilhelm (2024, Review of Economic Studies 91: Inference
for ranks), with Holm's critical values in place of the bootstrap's, which three draws could not carry. Ordered pairs
are used because two-sided Holm controls false rejections but not, in general, rejections in the wrong direction; the
first step is the same as that of two-sided Holm over the M(M − 1)/2 pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL
from fairforget.stats.strata import moments


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Ranks of M methods with their simultaneous rank sets."""

    rank: np.ndarray
    """(M,) int, 1 + the number of methods that are significantly better."""
    worst: np.ndarray
    """(M,) int, the upper end of the rank set; its lower end is `rank`."""
    p: np.ndarray
    """(M, M): Holm-adjusted p of "row is not better than column"; 1 on the diagonal."""


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's step-down adjusted p-values (Holm 1979), in the order of `p`, (n,)."""
    found = np.asarray(p, dtype=np.float64)
    order = np.argsort(found, kind="stable")
    scaled = np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1))
    adjusted = np.empty_like(found)
    adjusted[order] = np.minimum(scaled, 1.0)
    return adjusted


def rank(strata: Sequence[np.ndarray], weights: Sequence[float] = (1.0,), level: float = LEVEL) -> Ranking | None:
    """Rank methods by their standardised means; higher is better.

    Args:
        strata: one array (methods, draws) a stratum, without gaps: every method has every draw.
        weights: one a stratum; see `fairforget.stats.strata.standardised_mean`.
        level: simultaneous coverage of the rank sets.

    Returns:
        None where a stratum that counts has fewer than three draws, or there is no method.

    Raises:
        ValueError: a gap. A method without the draws of the others cannot be ranked among them.
    """
    if any(np.isnan(values).any() for values in strata):
        msg = "every method needs every draw"
        raise ValueError(msg)
    methods = len(strata[0])
    counting = [values for values, w in zip(strata, weights, strict=True) if w > 0]
    if methods == 0 or any(values.shape[1] < FEWEST_DRAWS for values in counting):
        return None
    ordered = [(j, k) for j in range(methods) for k in range(methods) if j != k]
    p = np.ones((methods, methods))
    if ordered:
        raw = [_better(strata, weights, j, k) for j, k in ordered]
        for (j, k), value in zip(ordered, holm(np.array(raw)), strict=True):
            p[j, k] = value
    beats = p <= 1 - level
    return Ranking(rank=1 + beats.sum(axis=0), worst=methods - beats.sum(axis=1), p=p)


def _better(strata: Sequence[np.ndarray], weights: Sequence[float], j: int, k: int) -> float:
    """Return the one-sided p of "j is not better than k" from paired differences."""
    from scipy.special import stdtr

    found = moments([values[j] - values[k] for values in strata], weights)
    size = max(float(np.abs(values[[j, k]]).max(initial=0.0)) for values in strata)
    if found.se > 1e-12 * size:
        return float(stdtr(found.df, -found.mean / found.se))
    # The same difference in every draw: no variance to test with, so the exact sign-flip test. What is only rounding
    # is no difference.
    draws = sum(values.shape[1] for values, w in zip(strata, weights, strict=True) if w > 0)
    return float(0.5**draws) if found.mean > 1e-12 * size else 1.0
