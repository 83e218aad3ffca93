"""How much of a measured number is the thing itself, and what a correlation would be without the rest."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from fairforget.stats.association import spearman


def rank_reliability(repeats: np.ndarray) -> float | None:
    """Return the reliability of the mean of repeated measurements, by ranks.

    The mean of Spearman's correlation over pairs of repeats, stepped up to all of them by Spearman–Brown,
    r' = S r / (1 + (S − 1) r) (Spearman 1910, Brown 1910).

    Args:
        repeats: (S, n) without NaN.

    Returns:
        None with one repeat, where two of them do not vary, or where they do not agree at all.
    """
    found = [spearman(repeats[i], repeats[j]) for i, j in combinations(range(len(repeats)), 2)]
    known = [r for r in found if r is not None]
    if not known or len(known) < len(found):
        return None
    size, r = len(repeats), math.fsum(known) / len(known)
    return size * r / (1 + (size - 1) * r) if r > 0 else None


def disattenuated(rho: float, first: float | None, second: float | None) -> float | None:
    """Return the correlation corrected for unreliability, ρ / √(r_xx r_yy) (Spearman 1904).

    It is an estimate and may leave −1 … 1. None where a reliability is not known.
    """
    return None if first is None or second is None else rho / math.sqrt(first * second)
