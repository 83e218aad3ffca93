"""How many draws it takes to tell a difference."""

from __future__ import annotations

import math
from typing import Final

from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL

POWER: Final = 0.8
_MOST: Final = 1_000_000


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
    per_draw = (size / sd / (told + power)) ** 2 - overlap / (1 - overlap)
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
