"""Means over strata of unlike difficulty, with weights that no sampler can move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL, Estimate, t_interval, t_intervals
from fairforget.stats.overlap import inflation


@dataclass(frozen=True, slots=True)
class Moments:
    """What a standardised mean is tested with."""

    mean: float
    se: float
    """Standard error."""
    df: float
    """Degrees of freedom after Welch and Satterthwaite; n − 1 for one stratum."""


def standardised_mean(
    strata: Sequence[np.ndarray], weights: Sequence[float], level: float = LEVEL, overlap: Sequence[float] = ()
) -> Estimate | None:
    """Return the directly standardised mean Σ w_h ȳ_h with its t-interval.

    The draws of different strata are independent, so the variance is Σ w_h² s_h² / n_h, each part corrected for the
    overlap of its draws; the degrees of freedom follow Satterthwaite (1946). With one stratum this is the t-interval
    of its draws. Strata that share samples, as random draws and bins of the same pool do, are not independent: only one
    of the two should count.

    Args:
        strata: one array of draw means a stratum; NaN = missing.
        weights: one a stratum, not negative, not all zero; scaled to sum 1.
        level: coverage of the interval.
        overlap: one share a stratum, see `fairforget.stats.overlap`; empty = no draws overlap.

    Returns:
        None where a stratum that counts has no draw. `Estimate.n` is the number of draws of all strata that count,
        `Estimate.sd` the standard deviation between draws, pooled with the weights.

    Raises:
        ValueError: weights that are no weights, or overlaps that are no shares.
    """
    counted = _counted(strata, weights, overlap)
    if len(counted) == 1:  # to the last bit, so that a board prints one number for one thing
        return t_interval(counted[0][0], level, counted[0][2])
    return _estimate([_Part.of(*part) for part in counted], level)


def standardised_means(
    strata: Sequence[np.ndarray], weights: Sequence[float], level: float = LEVEL, overlap: Sequence[float] = ()
) -> Sequence[Estimate | None]:
    """Return `standardised_mean` of every row of strata (rows, draws) without NaN, to the last bit."""
    rhos = overlaps(overlap, len(strata))
    counted = [place for place, w in enumerate(shares(weights, len(strata))) if w > 0]
    if len(counted) == 1:
        return t_intervals(strata[counted[0]], level, rhos[counted[0]])
    scaled = shares(weights, len(strata)).tolist()
    parts = [_Part.rows(strata[place], scaled[place], rhos[place]) for place in counted]
    return [_estimate(row, level) for row in zip(*parts, strict=True)]


def moments(strata: Sequence[np.ndarray], weights: Sequence[float], overlap: Sequence[float] = ()) -> Moments:
    """Return mean, standard error and degrees of freedom of a standardised mean; at least two draws a stratum.

    Args:
        strata: as those of `standardised_mean`.
        weights: likewise.
        overlap: likewise, each below 1: draws that are all one set have no standard error.

    Raises:
        ValueError: weights that are no weights, overlaps that are no shares, or all draws of a stratum are one set.
    """
    counted = _counted(strata, weights, overlap)
    if any(rho == 1 for _, _, rho in counted):
        msg = "all draws of a stratum are one set, so that nothing says how they vary"
        raise ValueError(msg)
    return _moments([_Part.of(*part) for part in counted])


class _Part(NamedTuple):
    """What a standardised mean needs of one stratum."""

    n: int
    mean: float
    variance: float
    weight: float
    overlap: float

    @classmethod
    def of(cls, draws: np.ndarray, weight: float, overlap: float) -> _Part:
        """Return that of (draws,) without NaN."""
        return cls.rows(draws[None], weight, overlap)[0]

    @classmethod
    def rows(cls, values: np.ndarray, weight: float, overlap: float) -> list[_Part]:
        """Return that of every row of (rows, draws) without NaN; NaN stands for what too few draws do not have."""
        values = np.ascontiguousarray(values)  # sums depend on the order in which numbers lie
        n = values.shape[1]
        nothing = [math.nan] * len(values)
        means = values.mean(axis=1).tolist() if n else nothing
        variances = values.var(axis=1, ddof=1).tolist() if n > 1 else nothing
        return [cls(n, mean, variance, weight, overlap) for mean, variance in zip(means, variances, strict=True)]


def _estimate(parts: Sequence[_Part], level: float) -> Estimate | None:
    from scipy.special import stdtrit

    if any(part.n == 0 for part in parts):
        return None
    n = sum(part.n for part in parts)
    mean = float(sum(part.weight * part.mean for part in parts))
    if any(part.n < FEWEST_DRAWS or part.overlap == 1 for part in parts):
        return Estimate(mean, None, None, n, None)
    found = _moments(parts)
    half = float(stdtrit(found.df, (1 + level) / 2)) * found.se
    sd = float(sum(part.weight * part.variance for part in parts)) ** 0.5
    return Estimate(mean, mean - half, mean + half, n, sd)


def _moments(parts: Sequence[_Part]) -> Moments:
    mean = float(sum(part.weight * part.mean for part in parts))
    of_means = [
        (part.weight * part.weight * part.variance / part.n * inflation(part.n, part.overlap), part.n - 1)
        for part in parts
    ]
    variance = sum(part for part, _ in of_means)
    spread = sum(part * part / df for part, df in of_means)
    df = variance * variance / spread if spread > 0 else float(sum(df for _, df in of_means))
    return Moments(mean, variance**0.5, df)


def spread_between(strata: Sequence[np.ndarray], overlap: Sequence[float] = ()) -> tuple[float, float] | None:
    """Return F and p of a one-way analysis of variance: whether a covariate differs between strata.

    Draws that share samples make the means of strata wander by more than their spread says, so F is divided by what
    that adds to the mean square between strata of one mean: Σ (1 − n_h / N) c_h / (H − 1), c_h the `inflation` of each.

    Args:
        strata: one array of draw means a stratum.
        overlap: one share a stratum, see `fairforget.stats.overlap`; empty = no draws overlap.

    Returns:
        None with fewer than two strata, or a stratum of fewer than two draws or whose draws are all one set. Without
        any variance inside the strata p is 0 where their means differ and 1 where they do not.

    Raises:
        ValueError: overlaps that are no shares.
    """
    from scipy.special import fdtrc

    groups = [_present(draws) for draws in strata]
    rhos = overlaps(overlap, len(strata))
    if len(groups) < 2 or any(len(group) < 2 for group in groups) or 1 in rhos:
        return None
    everything = np.concatenate(groups)
    between = float(sum(len(g) * (g.mean() - everything.mean()) ** 2 for g in groups))
    within = float(sum(((g - g.mean()) ** 2).sum() for g in groups))
    df_between, df_within = len(groups) - 1, len(everything) - len(groups)
    noise = 1e-24 * float((everything**2).sum())
    if within <= noise:
        return (float("inf"), 0.0) if between > noise else (0.0, 1.0)
    f = (between / df_between) / (within / df_within)
    if any(rhos):
        parts = [(1 - len(g) / len(everything)) * inflation(len(g), rho) for g, rho in zip(groups, rhos, strict=True)]
        f /= sum(parts) / df_between
    return f, float(fdtrc(df_between, df_within, f))


def shares(weights: Sequence[float], strata: int) -> np.ndarray:
    """Return weights of strata scaled to sum 1, (strata,).

    Raises:
        ValueError: weights that are no weights.
    """
    found = np.asarray(weights, dtype=np.float64)
    total = found.sum()
    if len(found) != strata or not all(0 <= weight < math.inf for weight in found.tolist()) or total <= 0:
        msg = f"{strata} strata need as many weights, not negative and not all zero: {list(weights)}"
        raise ValueError(msg)
    scaled: np.ndarray = found / total
    return scaled


def overlaps(overlap: Sequence[float], strata: int) -> list[float]:
    """Return one overlap a stratum; none given = no draws overlap.

    Raises:
        ValueError: not one a stratum, or one that is no share.
    """
    found = [float(share) for share in overlap] or [0.0] * strata
    if len(found) != strata or not all(0 <= share <= 1 for share in found):
        msg = f"{strata} strata need as many overlaps between 0 and 1, or none: {list(overlap)}"
        raise ValueError(msg)
    return found


def _counted(
    strata: Sequence[np.ndarray], weights: Sequence[float], overlap: Sequence[float]
) -> list[tuple[np.ndarray, float, float]]:
    parts = zip(strata, shares(weights, len(strata)), overlaps(overlap, len(strata)), strict=True)
    return [(_present(draws), float(w), rho) for draws, w, rho in parts if w > 0]


def _present(draws: np.ndarray) -> np.ndarray:
    found = np.asarray(draws, dtype=np.float64)
    return found[~np.isnan(found)]
