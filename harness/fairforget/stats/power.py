"""How many draws it takes to tell a difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL
from fairforget.stats.strata import moments, overlaps

POWER: Final = 0.8
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class AsOne:
    """The draws of one stratum whose mean has the variance of a standardised mean, for the functions below."""

    sd: float
    """Standard deviation between its draws."""
    overlap: float
    """Share of samples of its draws."""
    sd_apart: float
    """Standard deviation between draws that share no sample: where two share ρ, s² estimates (1 − ρ) σ²."""
    n: int
    """Draws, of all strata that count; more of them are taken to come in the same proportions."""


def as_one_stratum(strata: Sequence[np.ndarray], weights: Sequence[float], overlap: Sequence[float] = ()) -> AsOne:
    """Return the one stratum that stands for several.

    Its s² / n is Σ w² s_h² / n_h, and its s² ρ / (1 − ρ) is Σ w² s_h² ρ_h / (1 − ρ_h): what draws of one stratum share
    they do not share with those of the next.

    Args:
        strata: as those of `fairforget.stats.strata.moments`, at least two draws in each that counts.
        weights: likewise.
        overlap: likewise.

    Raises:
        ValueError: as `fairforget.stats.strata.moments`.
    """
    rhos = overlaps(overlap, len(strata))
    n = sum(int((~np.isnan(draws)).sum()) for draws, w in zip(strata, weights, strict=True) if w > 0)
    alone, whole = moments(strata, weights).se ** 2, moments(strata, weights, rhos).se ** 2
    apart = moments([draws / (1 - rho) ** 0.5 for draws, rho in zip(strata, rhos, strict=True)], weights).se ** 2
    shared = (whole - alone) / (alone * n) if alone > 0 else 0.0
    return AsOne(math.sqrt(alone * n), shared / (1 + shared), math.sqrt(apart * n), n)


def draws_to_tell(size: float, sd: float, overlap: float = 0.0, alpha: float = 1 - LEVEL) -> int | None:
    """Return how many draws show a mean of `size` with 80 % power: F ≈ (1.96 + 0.84)² / d² + 1.92 with d = size / sd.

    The figures are those of a paired t-test at 5 %, two-sided; 1.96² / 2 = 1.92 is what Student's t costs over the
    normal distribution (Guenther 1981, The American Statistician 35).

    Args:
        size: mean of paired differences, whatever its sign.
        sd: standard deviation of the differences between draws.
        overlap: share of samples that two draws have in common, see `fairforget.stats.overlap`.
        alpha: level of the two-sided test; of k tests together, their level / k.

    Returns:
        None where no number of draws does, or more than a million: there is no difference, or the draws overlap so
        much that more of them say nothing new.
    """
    if not sd > 0:
        return FEWEST_DRAWS if size != 0 else None
    if not 0 <= overlap < 1:
        return None
    told, power = _quantiles(alpha)
    # The variance of the mean is s² (1 / F + ρ / (1 − ρ)).
    away = size / sd / (told + power)
    per_draw = away * away - overlap / (1 - overlap)
    if per_draw <= 1 / _MOST:
        return None
    return max(FEWEST_DRAWS, math.ceil(1 / per_draw + told**2 / 2))


def detectable(sd: float, n: int, overlap: float = 0.0, alpha: float = 1 - LEVEL) -> float | None:
    """Return the mean difference that `n` draws show with 80 % power; the inverse of `draws_to_tell`.

    Returns:
        None with fewer than three draws, too few for `alpha`, or where all draws are one set.
    """
    told, power = _quantiles(alpha)
    if n < FEWEST_DRAWS or n <= told**2 / 2 or not 0 <= overlap < 1:
        return None
    return (told + power) * sd * math.sqrt(1 / (n - told**2 / 2) + overlap / (1 - overlap))


def _quantiles(alpha: float) -> tuple[float, float]:
    """Return the normal quantiles of the test and of its power."""
    from scipy.special import ndtri

    return float(ndtri(1 - alpha / 2)), float(ndtri(POWER))
