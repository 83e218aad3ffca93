"""How many draws it takes to tell a difference."""

from __future__ import annotations

import math
from typing import Final

from fairforget.stats.intervals import FEWEST_DRAWS

_Z: Final = 1.959963984540054 + 0.8416212335729143
"""Normal quantiles of a two-sided test at 5 % and of 80 % power."""
_T: Final = 1.92
"""What Student's t costs over the normal distribution: z²/2 draws (Guenther 1981, The American Statistician 35)."""
_MOST: Final = 1_000_000


def draws_to_tell(size: float, sd: float, overlap: float = 0.0) -> int | None:
    """Return how many draws show a mean of `size` with 80 % power: F ≈ (1.96 + 0.84)² / d² + 1.92 with d = size / sd.

    Args:
        size: mean of paired differences, whatever its sign.
        sd: standard deviation of the differences between draws.
        overlap: share of samples that two draws have in common, see `fairforget.stats.overlap`.

    Returns:
        None where no number of draws does, or more than a million: there is no difference, or the draws overlap so
        much that more of them say nothing new.
    """
    if not sd > 0:
        return FEWEST_DRAWS if size != 0 else None
    if not 0 <= overlap < 1:
        return None
    # The variance of the mean is s² (1 / F + ρ / (1 − ρ)).
    per_draw = (size / sd / _Z) ** 2 - overlap / (1 - overlap)
    if per_draw <= 1 / _MOST:
        return None
    return max(FEWEST_DRAWS, math.ceil(1 / per_draw + _T))


def detectable(sd: float, n: int, overlap: float = 0.0) -> float | None:
    """Return the mean difference that `n` draws show with 80 % power; the inverse of `draws_to_tell`.

    Returns:
        None with fewer than three draws, or where all draws are one set.
    """
    if n < FEWEST_DRAWS or not 0 <= overlap < 1:
        return None
    return _Z * sd * math.sqrt(1 / (n - _T) + overlap / (1 - overlap))
