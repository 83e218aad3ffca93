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
    overlap: np.ndarray | float = 0.0,
) -> Line | None:
    """Return the difficulty-adjusted score and the sensitivity to difficulty, with t-intervals.

    Least squares, n − 2 degrees of freedom. Draws that share samples have errors that correlate by what they share;
    then the spread about the line and the errors of effect and slope follow from that correlation, and the degrees of
    freedom from the first two moments of the sum of squares (Satterthwaite 1946). Equal shares everywhere widen the
    effect and leave the slope as it is; draws that overlap only with those of equal difficulty widen the slope, too.

    Args:
        scores: (draws,) of one method; NaN = missing.
        difficulty: (draws,) mean difficulty of each; NaN = unknown.
        at: difficulty at which the effect is told; None = the mean of the draws that are there.
        level: coverage.
        overlap: (draws, draws) from `fairforget.stats.overlap.overlap_matrix`, or one share for every two draws.

    Returns:
        None with fewer than four draws, draws of one difficulty, or draws that are all one set.

    Raises:
        ValueError: an overlap that is no share, or not one for every two draws.
    """
    y, x, correlation = _present(np.asarray(scores, dtype=np.float64), difficulty, overlap)
    design = DifficultyDesign.of(x, correlation)
    return None if design is None else design.line(y, at, level)


def difficulty_crossing(
    first: np.ndarray,
    second: np.ndarray,
    difficulty: np.ndarray,
    *,
    at: float | None = None,
    level: float = LEVEL,
    overlap: np.ndarray | float = 0.0,
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
        ValueError: as `difficulty_line`.
    """
    difference = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    y, x, correlation = _present(difference, difficulty, overlap)
    design = DifficultyDesign.of(x, correlation)
    return None if design is None else design.crossing(y, at, level)


@dataclass(frozen=True, slots=True, eq=False)
class DifficultyDesign:
    """Draws of known difficulty, for the lines of many methods that all have all of them."""

    difficulty: np.ndarray
    """(draws,)."""
    centre: float
    solve: np.ndarray
    """(2, draws): scores -> mean and slope."""
    covariance: np.ndarray
    """(2, 2) of mean and slope, for scores of standard deviation 1 about the line."""
    free: float
    """Expected sum of squares about the line, for the same."""
    df: float

    @classmethod
    def of(cls, difficulty: np.ndarray, overlap: np.ndarray | float = 0.0) -> DifficultyDesign | None:
        """Return the design; arguments without NaN, result and errors as those of `difficulty_line`."""
        x = np.asarray(difficulty, dtype=np.float64)
        correlation = _correlation(overlap, len(x))
        if len(x) < FEWEST:
            return None
        centre = float(x.mean())
        away = x - centre
        spread = float((away**2).sum())
        if spread <= 1e-24 * float((x**2).sum()):
            return None
        design = np.stack([np.ones(len(x)), away], axis=1)
        solve = np.stack([np.full(len(x), 1 / len(x)), away / spread])
        # Traces of M R and of M R M R with M = 1 − design @ solve, without a product of two large matrices.
        right, left = correlation @ design, correlation @ solve.T
        taken = solve @ right
        free = float(np.trace(correlation) - np.trace(taken))
        if free <= 1e-9:  # all draws are one set
            return None
        squared = float((correlation**2).sum() - 2 * (left * right).sum() + (taken * taken.T).sum())
        return cls(x, centre, solve, solve @ left, free, free**2 / squared)

    def line(self, scores: np.ndarray, at: float | None = None, level: float = LEVEL) -> Line:
        """Return `difficulty_line` of scores without NaN, (draws,)."""
        return self._line(self._fit(scores), self.centre if at is None else at, level)

    def crossing(self, differences: np.ndarray, at: float | None = None, level: float = LEVEL) -> Crossing:
        """Return `difficulty_crossing` of paired differences without NaN, (draws,)."""
        fit = mean, slope, _ = self._fit(differences)
        lowest, highest = float(self.difficulty.min()), float(self.difficulty.max())
        crosses = self.centre - mean / slope if slope else None
        low, high = (self._line(fit, end, 1 - (1 - level) / 2).effect for end in (lowest, highest))
        return Crossing(
            line=self._line(fit, self.centre if at is None else at, level),
            crosses_at=crosses,
            inside=crosses is not None and lowest < crosses < highest,
            resolved=_sign(low) * _sign(high) < 0,
        )

    def _fit(self, scores: np.ndarray) -> tuple[float, float, float]:
        """Return mean, slope, and the standard deviation of draws about the line if they had no common samples."""
        mean, slope = (float(b) for b in self.solve @ scores)
        off = scores - mean - slope * (self.difficulty - self.centre)
        return mean, slope, float(np.sqrt((off**2).sum() / self.free))

    def _line(self, fit: tuple[float, float, float], at: float, level: float) -> Line:
        from scipy.special import stdtrit

        mean, slope, sd = fit
        quantile, n = float(stdtrit(self.df, (1 + level) / 2)) * sd, len(self.difficulty)
        place = np.array([1.0, at - self.centre])
        effect = mean + slope * (at - self.centre)
        wide = quantile * float(np.sqrt(place @ self.covariance @ place))
        steep = quantile * float(np.sqrt(self.covariance[1, 1]))
        return Line(
            Estimate(effect, effect - wide, effect + wide, n, sd),
            Estimate(slope, slope - steep, slope + steep, n, None),
            at,
        )


def _present(
    scores: np.ndarray, difficulty: np.ndarray, overlap: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, difficulty and overlap of the draws that have both."""
    x = np.asarray(difficulty, dtype=np.float64)
    found = ~np.isnan(scores) & ~np.isnan(x)
    return scores[found], x[found], _correlation(overlap, len(x))[np.ix_(found, found)]


def _correlation(overlap: np.ndarray | float, n: int) -> np.ndarray:
    shares = np.asarray(overlap, dtype=np.float64)
    if shares.ndim == 0:
        shares = np.where(np.eye(n, dtype=bool), 1.0, shares)
    if shares.shape != (n, n) or not ((shares >= 0) & (shares <= 1)).all():
        msg = f"{n} draws need an overlap between 0 and 1 for every two of them"
        raise ValueError(msg)
    return shares


def _sign(effect: Estimate) -> int:
    if effect.low is not None and effect.low > 0:
        return 1
    return -1 if effect.high is not None and effect.high < 0 else 0
