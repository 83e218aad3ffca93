r"""Method effects at equal difficulty, and lines that cross.

.. math:: y_{mf} = \alpha_m + \gamma_m (\bar D_f - D_0) + \phi_f + \varepsilon_{mf}

:math:`\bar D_f` is the mean difficulty of the samples of draw f, the same for every method. Then least squares of each
method by itself is the best there is, whatever the covariance between methods (Zellner 1962, JASA 57: the regressors
are alike), and the differences of two methods, in which :math:`\phi_f` cancels, have their own plain regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairforget.stats.intervals import LEVEL, Estimate
from fairforget.stats.overlap import inflation

FEWEST = 4
"""Draws: a line takes two, and what is left has to say how far off it is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A score, or a difference of scores, against difficulty."""

    effect: Estimate
    """At difficulty `at`; its sd is that about the line."""
    slope: Estimate
    """γ, by how much it rises per unit of difficulty."""
    at: float
    """D_0."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two methods against difficulty."""

    line: Line
    """Of first minus second."""
    crosses_at: float | None
    """Difficulty at which the fitted lines meet; None where they are parallel."""
    inside: bool
    """Whether that lies among the difficulties of the draws: then the ranking depends on difficulty."""
    resolved: bool
    """Whether the fitted difference is significant at both ends of the range, with opposite signs (each end at
    1 − (1 − level) / 2): the crossing is no accident."""


def difficulty_line(
    scores: np.ndarray,
    difficulty: np.ndarray,
    *,
    at: float | None = None,
    level: float = LEVEL,
    overlap: float = 0.0,
) -> Line | None:
    """Return the difficulty-adjusted score and the sensitivity to difficulty, with t-intervals on n − 2 degrees.

    Overlapping draws are corrected for in the effect. The slope needs no correction: what all draws share moves the
    line up or down and does not turn it, and the spread about the line has shrunk by as much as the slope's own.

    Args:
        scores: (draws,) of one method; NaN = missing.
        difficulty: (draws,) mean difficulty of each; NaN = unknown.
        at: difficulty at which the effect is told; None = the mean of the draws that are there.
        level: coverage.
        overlap: see `fairforget.stats.overlap`.

    Returns:
        None with fewer than four draws, draws of one difficulty, or draws that are all one set.

    Raises:
        ValueError: an overlap that is no share.
    """
    fit = _fit(scores, difficulty, overlap)
    return None if fit is None else fit.line(fit.centre if at is None else at, level)


def difficulty_crossing(
    first: np.ndarray,
    second: np.ndarray,
    difficulty: np.ndarray,
    *,
    at: float | None = None,
    level: float = LEVEL,
    overlap: float = 0.0,
) -> Crossing | None:
    """Return the difference of two methods at equal difficulty, and where it turns.

    Args:
        first: (draws,); NaN = missing.
        second: (draws,) the same draws.
        difficulty: (draws,), see `difficulty_line`.
        at: likewise.
        level: likewise.
        overlap: likewise.

    Returns:
        None where `difficulty_line` has none.

    Raises:
        ValueError: an overlap that is no share.
    """
    difference = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    fit = _fit(difference, difficulty, overlap)
    if fit is None:
        return None
    line = fit.line(fit.centre if at is None else at, level)
    crosses = fit.centre - fit.mean / fit.slope if fit.slope else None
    low, high = (fit.line(end, 1 - (1 - level) / 2).effect for end in (fit.lowest, fit.highest))
    return Crossing(
        line=line,
        crosses_at=crosses,
        inside=crosses is not None and fit.lowest < crosses < fit.highest,
        resolved=_sign(low) * _sign(high) < 0,
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    n: int
    centre: float
    lowest: float
    highest: float
    spread: float
    """Sum of squares of difficulty about its centre."""
    mean: float
    slope: float
    sd: float
    """About the line, n − 2 in the denominator."""
    overlap: float

    def line(self, at: float, level: float) -> Line:
        from scipy.special import stdtrit

        quantile = float(stdtrit(self.n - 2, (1 + level) / 2))
        away = at - self.centre
        effect = self.mean + self.slope * away
        wide = quantile * self.sd * (inflation(self.n, self.overlap) / self.n + away**2 / self.spread) ** 0.5
        steep = quantile * self.sd / self.spread**0.5
        return Line(
            Estimate(effect, effect - wide, effect + wide, self.n, self.sd),
            Estimate(self.slope, self.slope - steep, self.slope + steep, self.n, None),
            at,
        )


def _fit(scores: np.ndarray, difficulty: np.ndarray, overlap: float) -> _Fit | None:
    y, x = np.asarray(scores, dtype=np.float64), np.asarray(difficulty, dtype=np.float64)
    present = ~np.isnan(y) & ~np.isnan(x)
    y, x = y[present], x[present]
    inflation(len(y), overlap)  # refuses what is no share
    if len(y) < FEWEST or overlap == 1:
        return None
    centre = float(x.mean())
    away = x - centre
    spread = float((away**2).sum())
    if spread <= 1e-24 * float((x**2).sum()):
        return None
    mean, slope = float(y.mean()), float((away * y).sum()) / spread
    off = y - mean - slope * away
    sd = float(np.sqrt((off**2).sum() / (len(y) - 2)))
    return _Fit(len(y), centre, float(x.min()), float(x.max()), spread, mean, slope, sd, overlap)


def _sign(effect: Estimate) -> int:
    if effect.low is not None and effect.low > 0:
        return 1
    return -1 if effect.high is not None and effect.high < 0 else 0
