"""How far a score can be told from the noise of its draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fairforget.api import PoolScore

ENOUGH = 0.8
"""Reliability under which bins are said to be partly noise."""
FEWEST = 3
"""Samples with fewer than which there is no spread to compare the noise with."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The reliability of a score, and how it was told."""

    reliability: float | None
    """0 … 1; 0 where it cannot be told, None for a score without draws."""
    said: str
    """A line for the user."""

    @property
    def doubtful(self) -> bool:
        """Whether to warn."""
        return self.reliability is not None and self.reliability < ENOUGH


def trust(score: PoolScore) -> Trust:
    """Return how reliable a score is.

    A score with standard errors and no split-half reliability gets 1 - mean(se²) / var(score), the share of the
    variance that is not noise (the reliability of classical test theory); unknown where fewer than three samples have
    both, or all scores are alike, or no sample has a standard error.
    """
    if score.reliability is not None and np.isfinite(score.reliability):
        return Trust(score.reliability, f"split-half reliability {score.reliability:.2f}")
    if score.stderr is None:
        return Trust(None, "a score without draws, so without noise of its own")
    if np.isfinite(score.values).any() and not np.isfinite(score.stderr).any():
        return Trust(0.0, "a reliability that cannot be told (one draw, which has no error bar) and counts as 0")
    known = np.isfinite(score.values) & np.isfinite(score.stderr)
    values, errors = score.values[known], score.stderr[known]
    spread = float(values.var(ddof=1)) if len(values) >= FEWEST else 0.0
    if spread <= 0:
        return Trust(0.0, "a reliability that cannot be told (too few samples, or all alike) and counts as 0")
    estimate = float(np.clip(1 - np.square(errors).mean() / spread, 0, 1))
    return Trust(estimate, f"reliability {estimate:.2f}, estimated from the standard errors")
