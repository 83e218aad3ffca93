"""Cutting units into bins of rising score."""

from __future__ import annotations

import numpy as np


def bin_by_score(scores: np.ndarray, bins: int) -> np.ndarray:
    """Return the bin of each unit, 0 … bins - 1 in rising score, (n,) int; sizes differ by at most one.

    Units left over by the division go to the two ends in pairs, and a last one to the middle, so that no end is
    favoured. Equal scores keep their order.
    """
    sizes = np.full(bins, len(scores) // bins)
    sizes[_spread(bins, len(scores) % bins)] += 1
    labels = np.empty(len(scores), dtype=int)
    labels[np.argsort(scores, kind="stable")] = np.repeat(np.arange(bins), sizes)
    return labels


def bin_within_lengths(scores: np.ndarray, lengths: np.ndarray, bins: int, length_bins: int) -> np.ndarray:
    """Return the bin of each unit as `bin_by_score` does, but cut anew within each of `length_bins` bins of length.

    Every length bin gives each score bin the same number of units (the middle one also holds what the division leaves
    over), so that the score bins have the same lengths up to the width of a length bin: their empirical distributions
    differ by at most the share of one length bin, and of what is left over.

    Args:
        scores: (n,) finite.
        lengths: (n,).
        bins: number of score bins.
        length_bins: wanted number of length bins; no more are made than leave one unit a bin.
    """
    rows = len(scores) // bins
    length_bins = max(1, min(length_bins, rows))
    sizes = np.full(length_bins, rows // length_bins)
    sizes[_spread(length_bins, rows % length_bins)] += 1
    sizes *= bins
    sizes[length_bins // 2] += len(scores) % bins
    order = np.argsort(lengths, kind="stable")
    labels = np.empty(len(scores), dtype=int)
    for part in np.split(order, np.cumsum(sizes)[:-1]):
        labels[part] = bin_by_score(scores[part], bins)
    return labels


def _spread(places: int, count: int) -> np.ndarray:
    """Return `count` of the positions 0 … places - 1, symmetric about the middle."""
    ends = [i for pair in zip(range(places), reversed(range(places)), strict=True) for i in pair][: count - count % 2]
    middle = [places // 2] if count % 2 else []
    return np.array(ends + middle, dtype=int)
