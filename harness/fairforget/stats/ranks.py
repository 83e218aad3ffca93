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
from fairforget.stats.overlap import inflation
from fairforget.stats.strata import overlaps, shares


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


def rank(
    strata: Sequence[np.ndarray],
    weights: Sequence[float] = (1.0,),
    level: float = LEVEL,
    overlap: Sequence[float] = (),
) -> Ranking | None:
    """Rank methods by their standardised means; higher is better.

    Args:
        strata: one array (methods, draws) a stratum, without gaps: every method has every draw.
        weights: one a stratum; see `fairforget.stats.strata.standardised_mean`.
        level: simultaneous coverage of the rank sets.
        overlap: one share a stratum, see `fairforget.stats.overlap`; empty = no draws overlap.

    Returns:
        None where a stratum that counts has fewer than three draws or all its draws are one set, or there is no method.

    Raises:
        ValueError: a gap, for a method without the draws of the others cannot be ranked among them; weights that are
            no weights, overlaps that are no shares.
    """
    if any(np.isnan(values).any() for values in strata):
        msg = "every method needs every draw"
        raise ValueError(msg)
    methods = len(strata[0])
    raw = one_sided(strata, weights, overlap)
    if methods == 0 or raw is None:
        return None
    p = np.ones((methods, methods))
    ordered = ~np.eye(methods, dtype=bool)
    p[ordered] = holm(raw[ordered])
    beats = p <= 1 - level
    return Ranking(rank=1 + beats.sum(axis=0), worst=methods - beats.sum(axis=1), p=p)


def one_sided(
    strata: Sequence[np.ndarray], weights: Sequence[float] = (1.0,), overlap: Sequence[float] = ()
) -> np.ndarray | None:
    """Return the unadjusted p of "row is not better than column", (methods, methods), by paired t-tests over draws.

    The differences of all pairs have the moments of `fairforget.stats.strata.moments`. Where a pair differs by the same
    in every draw there is no variance to test with, and p is that of the exact sign-flip test.

    Args:
        strata: one array (methods, draws) a stratum, without gaps.
        weights: one a stratum.
        overlap: one share a stratum; empty = no draws overlap.

    Returns:
        None where a stratum that counts has fewer than three draws, or all its draws are one set.

    Raises:
        ValueError: weights that are no weights, overlaps that are no shares.
    """
    from scipy.special import stdtr

    parts = zip(strata, shares(weights, len(strata)), overlaps(overlap, len(strata)), strict=True)
    counting = [(np.asarray(values, dtype=np.float64), float(w), rho) for values, w, rho in parts if w > 0]
    if any(values.shape[1] < FEWEST_DRAWS or rho == 1 for values, _, rho in counting):
        return None
    methods = len(strata[0])
    mean, variance, spread, size = (np.zeros((methods, methods)) for _ in range(4))
    independent, most = 0.0, 0
    for values, w, rho in counting:
        draws = values.shape[1]
        factor = inflation(draws, rho)
        difference = values[:, None] - values[None]
        part = w * w * difference.var(axis=2, ddof=1) / draws * factor
        mean += w * difference.mean(axis=2)
        variance += part
        spread += part * part / (draws - 1)
        largest = np.abs(values).max(axis=1)
        size = np.maximum(size, np.maximum(largest[:, None], largest[None]))
        independent += draws / factor
        most += draws - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(spread > 0, variance * variance / spread, most)
        tested = stdtr(df, -mean / np.sqrt(variance))
    # What is only rounding is no difference, and no variance either.
    flipped = np.where(mean > 1e-12 * size, 0.5**independent, 1.0)
    found: np.ndarray = np.where(np.sqrt(variance) > 1e-12 * size, tested, flipped)
    return found
