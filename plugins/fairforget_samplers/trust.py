"""How far a score can be told from the noise of its draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.api import PluginSpec, Pool, PoolScore

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


def score_of(pool: Pool, name: str, owner: str) -> PoolScore:
    """Return the scores of a pool by a difficulty.

    Raises:
        FairforgetError: the pool has none.
    """
    try:
        return pool.scores[name]
    except KeyError:
        raise FairforgetError(f"{owner} wants scores by {name}, and the pool has none") from None


def demand_reliability(score: PoolScore, spec: PluginSpec, least: float, owner: str) -> None:
    """Refuse to draw by a score that is mostly noise.

    Args:
        score: by the difficulty `spec`.
        spec: the difficulty, with the options the study gives it.
        least: split-half reliability that is enough.
        owner: the sampler, for the message; it has the options ``by`` and ``min_reliability``.

    Raises:
        FairforgetError: the score is less reliable than `least`.
    """
    found = trust(score)
    if found.reliability is None or found.reliability >= least:
        return
    more = "max_forwards: 400}, or draws: 400 where it has one of these options"
    for option in ("draws", "max_forwards"):
        if option in spec.options:
            more = f"{option}: {2 * int(spec.options[option])}}}"
    raise FairforgetError(
        f"{owner}: {spec.name} has {found.said}; min_reliability is {least:g}, and sets chosen by noise would be "
        f"random sets. Allow it more draws (by: {{name: {spec.name}, {more}), choose another difficulty, or write "
        "min_reliability: 0 to draw all the same"
    )
