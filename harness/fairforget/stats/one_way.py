r"""Forget sets against seeds, for one method: the one-way random effects model.

.. math:: y_{fs} = \mu + \phi_f + \varepsilon_{fs}

The share of the sets in the variance, σ²_f / (σ²_f + σ²_e), is the intraclass correlation ICC(1) of Shrout and Fleiss
(1979, Psychological Bulletin 86). The ratio of its mean squares over 1 + S σ²_f / σ²_e has the F distribution with F
− 1 and F (S − 1) degrees of freedom, so that its interval is exact for normal effects (Searle, Casella and McCulloch
1992, Variance Components, section 3.6). Sets of which every two share the part ρ of their samples show only (1 − ρ)
σ²_f between their means (`fairforget.stats.overlap`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fairforget.stats.intervals import LEVEL


@dataclass(frozen=True, slots=True)
class OneWay:
    """The share of forget sets in the variance, with its exact interval; both within 0 and 1."""

    share: float
    low: float
    high: float
    truncated: bool
    """The estimate of σ²_f was negative and stands as 0."""
    f: float
    """Ratio of mean squares; infinite where seeds do not vary."""


def one_way(values: np.ndarray, overlap: float = 0.0, level: float = LEVEL) -> OneWay | None:
    """Return the share of forget sets in the variance of one row.

    Args:
        values: (sets, seeds), without gaps.
        overlap: ρ, mean pairwise share of samples of the sets.
        level: coverage.

    Returns:
        None with fewer than two sets or two seeds, where nothing varies, or where all sets are one.

    Raises:
        ValueError: a gap.
    """
    from scipy.special import fdtri

    y = np.asarray(values, dtype=np.float64)
    if np.isnan(y).any():
        msg = "every set needs every seed"
        raise ValueError(msg)
    sets, seeds = int(y.shape[0]), int(y.shape[1])
    if sets < 2 or seeds < 2 or not 0 <= overlap < 1:
        return None
    means = y.mean(axis=1)
    between = seeds * float(((means - means.mean()) ** 2).sum()) / (sets - 1)
    within = float(((y - means[:, None]) ** 2).sum()) / (sets * (seeds - 1))
    noise = (1e-12 * float(np.abs(y).max())) ** 2
    if between <= noise and within <= noise:
        return None
    f = between / within if within > noise else math.inf
    tail = (1 - level) / 2
    df = sets - 1, sets * (seeds - 1)

    def share(ratio: float) -> float:
        theta = max(ratio - 1, 0.0) / (seeds * (1 - overlap))
        return 1.0 if math.isinf(theta) else theta / (1 + theta)

    low, high = (share(f / float(fdtri(*df, p))) for p in (1 - tail, tail))
    return OneWay(share(f), low, high, f < 1, f)
