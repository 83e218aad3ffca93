"""The sign-flip test of a paired difference: exact for few draws, and without a normal distribution.

If a method is no better than another, a draw's difference is as likely d as −d. Of all the ways to set the signs, the p
is the share in which the mean is at least as far from 0 as the one that was seen (Fisher 1935, The Design of
Experiments, §21). With F draws it cannot go below 2 / 2^F: five draws never reach 5 %. Draws that overlap are not
exchangeable in this way, and the p is then too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fairforget.stats.intervals import FEWEST_DRAWS
from fairforget.stats.strata import shares

MOST_EXACT: Final = 16
"""Differences up to which every assignment of signs is looked at, 2^16; above, random ones are."""
_ROUNDING = 1e-12
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class SignFlip:
    """Two-sided p of "the mean difference is 0"."""

    p: float
    exact: bool
    """Whether every assignment was looked at; otherwise p is (1 + k) / (1 + n) of n random ones."""
    draws: int
    """Draws of the strata that count."""


def sign_flip(
    strata: Sequence[np.ndarray],
    rng: np.random.Generator,
    weights: Sequence[float] = (1.0,),
    resamples: int = 10_000,
) -> SignFlip | None:
    """Test whether the standardised mean of paired differences is 0 by flipping their signs, draw by draw.

    Args:
        strata: one array (draws,) of differences a stratum; NaN = missing.
        rng: what random assignments are drawn with; not used by the exact test.
        weights: one a stratum; see `fairforget.stats.strata.standardised_mean`.
        resamples: random assignments, where there are more than `MOST_EXACT` differences that are not 0.

    Returns:
        None with fewer than three draws, or where a stratum that counts has none.

    Raises:
        ValueError: weights that are no weights.
    """
    found = zip(strata, shares(weights, len(strata)), strict=True)
    counted = [(d[~np.isnan(d)], w) for d, w in ((np.asarray(d, dtype=np.float64), w) for d, w in found) if w > 0]
    draws = sum(len(d) for d, _ in counted)
    if draws < FEWEST_DRAWS or not all(len(d) for d, _ in counted):
        return None
    parts = np.concatenate([w * d / len(d) for d, w in counted])
    noise = _ROUNDING * float(np.abs(parts).sum())
    seen = abs(float(parts.sum())) - noise  # what is only rounding below it is as far
    parts = parts[np.abs(parts) > noise / len(parts)]  # the sign of 0 changes nothing
    if len(parts) <= MOST_EXACT:
        return SignFlip(float((np.abs(_every_sum(parts)) >= seen).mean()), exact=True, draws=draws)
    further = 0
    for start in range(0, resamples, step := max(1, _AT_ONCE // len(parts))):
        flips = rng.integers(2, size=(min(step, resamples - start), len(parts)), dtype=np.int8)
        further += int((np.abs(parts.sum() - 2 * (flips @ parts)) >= seen).sum())
    return SignFlip((1 + further) / (1 + resamples), exact=False, draws=draws)


def _every_sum(parts: np.ndarray) -> np.ndarray:
    """Return the sums over all signs but that of the first part, (2^(n − 1),); the other half is their negative."""
    sums = parts[:1] if len(parts) else np.zeros(1)
    for part in parts[1:]:
        sums = np.concatenate([sums + part, sums - part])
    return sums
