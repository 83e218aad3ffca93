"""Draws that share samples.

Forget sets from a small pool overlap, so their scores agree more than those of sets from other samples would: the
spread between them is too small, and an interval from it too narrow. Where every two of F draws share the part ρ of
their samples, their scores correlate by ρ, s² estimates (1 − ρ) σ², and the mean of the draws has the variance
σ² (1/F + ρ (1 − 1/F)) = s² (1/F + ρ / (1 − ρ)). This is the correction that Nadeau and Bengio (2003, Machine Learning
52) made for resampled test errors. The interval then speaks for samples like those of the pool, and not for the pool
alone. It is on the safe side where scores have noise that no sample explains, for then they correlate less than ρ.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np


def overlap_share(draws: Sequence[Collection[str]]) -> float:
    """Return ρ, the mean over pairs of draws of the share of samples both have; 0 with fewer than two draws.

    The share of two draws A and B is |A ∩ B| / √(|A| |B|), the correlation of the means of independent sample values
    over them; with sets of one size, n, that is |A ∩ B| / n. 1: all draws are one set.

    Args:
        draws: one set of sample (or group) ids a draw of one stratum.

    Raises:
        ValueError: an empty draw.
    """
    sizes, members = _members(draws)
    pairs = len(sizes) * (len(sizes) - 1) // 2
    if not pairs:
        return 0.0
    # Whole numbers, by the sizes of both draws: how often every sample is in a draw of the one and of the other.
    kinds, kind = np.unique(sizes, return_inverse=True)
    often = np.zeros((len(kinds), len(members)), dtype=np.int64)
    for sample, rows in enumerate(members):
        np.add.at(often[:, sample], kind[rows], 1)
    both = often @ often.T
    both[np.diag_indices(len(kinds))] -= often.sum(1)  # a draw with itself
    both[np.diag_indices(len(kinds))] //= 2
    shares = both / np.sqrt(np.multiply.outer(kinds, kinds))
    return float(shares[np.triu_indices(len(kinds))].sum()) / pairs


def overlap_matrix(draws: Sequence[Collection[str]]) -> np.ndarray:
    """Return the share of samples that every two draws have, (draws, draws); 1 on the diagonal.

    Args:
        draws: as those of `overlap_share`, of one stratum or of several.

    Raises:
        ValueError: an empty draw.
    """
    sizes, members = _members(draws)
    both = np.zeros((len(sizes), len(sizes)))
    for rows in members:
        both[np.ix_(rows, rows)] += 1
    both /= np.sqrt(np.multiply.outer(sizes, sizes))
    return both


def _members(draws: Sequence[Collection[str]]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the size of every draw, and for every sample the positions of the draws that have it."""
    sets = [frozenset(draw) for draw in draws]
    if not all(sets):
        msg = "a draw without samples overlaps with nothing"
        raise ValueError(msg)
    rows: dict[str, list[int]] = {}
    for row, draw in enumerate(sets):
        for sample in draw:
            rows.setdefault(sample, []).append(row)
    return np.array([len(draw) for draw in sets], dtype=np.int64), [np.array(found) for found in rows.values()]


def inflation(n: int, overlap: float) -> float:
    """Return by what overlap multiplies the variance s² / n of a mean of n draws: 1 + n ρ / (1 − ρ); 1 at ρ = 0.

    Nadeau and Bengio (2003), with ρ / (1 − ρ) as their n₂ / n₁. Infinite at ρ = 1, where all draws are one.

    Raises:
        ValueError: `overlap` is not within 0 and 1.
    """
    if not 0 <= overlap <= 1:
        msg = f"an overlap is a share between 0 and 1, not {overlap}"
        raise ValueError(msg)
    return 1 + n * overlap / (1 - overlap) if overlap < 1 else float("inf")
