"""Intervals of a statistic of scores that are random twice: which samples there are, and which draws scored them.

Draws serve all samples together, so the errors of samples are correlated, and resampling samples alone does not see
what the draws have in common. Samples and seeds of the draws are crossed; the variance of a statistic is

.. math:: V = V_A + V_B - V_{AB}

with :math:`V_A` by leaving out seeds, :math:`V_B` by leaving out samples (groups of them), and :math:`V_{AB}` what is
in both, by leaving out one of each: the two-way analysis of variance of the jackknife's pseudo-values (Efron and Stein
1981, Annals of Statistics 9; for clusters in two ways: Cameron, Gelbach and Miller 2011, JBES 29).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fairforget.stats.intervals import LEVEL

FEWEST_SEEDS: Final = 3
"""With fewer, what draws have in common is not told from two numbers."""
FEWEST_GROUPS: Final = 5
"""Samples, or groups of them: Student's t on four degrees of freedom is the least that says anything of a rank."""


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """A statistic without one of the R seeds of one score, with all G groups of samples and without each."""

    seed: np.ndarray
    """(R,)."""
    both: np.ndarray
    """(R, G)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A statistic with its interval."""

    value: float
    low: float
    high: float
    error: float
    """Standard error."""
    df: float
    """Degrees of freedom of Student's t, by Satterthwaite (1946)."""

    def through(self, back: Callable[[float], float]) -> tuple[float, float, float]:
        """Return value and ends on another scale, by an increasing function."""
        return back(self.value), back(self.low), back(self.high)


def crossed_interval(value: float, groups: np.ndarray, sources: Sequence[LeftOut], level: float = LEVEL) -> Span | None:
    """Return Student's interval of a statistic that is roughly normal as it stands (a logarithm, Fisher's z).

    Args:
        value: with all seeds and samples.
        groups: (G,) the statistic without each group of samples.
        sources: one for each score whose draws are independent of the others'; none for scores without draws.
        level: coverage of the interval.

    Returns:
        None with fewer than `FEWEST_GROUPS` groups or `FEWEST_SEEDS` seeds of a source, or where the statistic is not
        finite without some of them, or its error is not.
    """
    from scipy.special import stdtrit

    arrays = [np.array(value), groups, *(array for source in sources for array in (source.seed, source.both))]
    if not all(np.isfinite(array).all() for array in arrays) or len(groups) < FEWEST_GROUPS:
        return None
    if any(len(source.seed) < FEWEST_SEEDS for source in sources):
        return None
    between = _jackknifed(value, groups)
    seeds = [_jackknifed(value, source.seed) for source in sources]
    shared = [_interaction(value, groups, source) for source in sources]
    # What seeds have in common beyond the single sample is not negative; neither is what samples have.
    own = sum(max(0.0, a - ab) for a, ab in zip(seeds, shared, strict=True))
    variance = max(between + own, sum(seeds))
    terms = [(between, len(groups) - 1), *((a, len(s.seed) - 1) for a, s in zip(seeds, sources, strict=True))]
    loss = sum(v**2 / df for v, df in terms)
    df = variance**2 / loss if loss else float(len(groups) - 1)
    half = float(stdtrit(df, (1 + level) / 2)) * math.sqrt(variance)
    if not math.isfinite(half):
        return None
    return Span(value, value - half, value + half, math.sqrt(variance), df)


def without_groups(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the mean over samples without each group, (…, G).

    Args:
        values: (…, n).
        groups: (n,) ints 0 … G - 1, the group of each sample.
    """
    size = int(groups.max()) + 1
    member = np.zeros((len(groups), size))
    member[np.arange(len(groups)), groups] = 1.0
    left = values.sum(-1, keepdims=True) - values @ member
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: np.ndarray = left / (len(groups) - member.sum(0))
    return mean


def _jackknifed(value: float, left: np.ndarray) -> float:
    """Return the delete-one jackknife's variance of a statistic; groups count alike, whatever their size."""
    pseudo = len(left) * value - (len(left) - 1) * left
    return float(pseudo.var(ddof=1) / len(left))


def _interaction(value: float, groups: np.ndarray, source: LeftOut) -> float:
    """Return what is in the variance between seeds and in that between samples: residual mean square / (R G)."""
    r, g = source.both.shape
    cells = r * g * value - (r - 1) * g * source.seed[:, None] - r * (g - 1) * groups + (r - 1) * (g - 1) * source.both
    rest = cells - cells.mean(0) - cells.mean(1, keepdims=True) + cells.mean()
    return float((rest**2).sum() / ((r - 1) * (g - 1) * r * g))
