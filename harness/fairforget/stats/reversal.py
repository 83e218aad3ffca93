r"""How often two methods change places between forget sets.

A difference of two methods on draw f with seed s is d_fs = Δ + δ_f + e_fs: Δ the mean, δ_f what the draw does to one
method and not to the other (standard deviation τ), e_fs the noise of seeds (σ_e). With S seeds averaged and Φ the
normal distribution function, the order on a new draw is not the order of the means with probability

.. math::
    \pi = \Phi(-|\Delta| / \tau), \qquad \pi_{\text{observed}} = \Phi(-|\Delta| / \sqrt{\tau^2 + \sigma_e^2 / S})

the first for the forget sets themselves, the second for what is seen of them: noise of seeds makes reversals, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.stats.binomial import clopper_pearson
from fairforget.stats.intervals import LEVEL, draw_means
from fairforget.stats.overlap import inflation
from fairforget.stats.strata import overlaps, shares


@dataclass(frozen=True, slots=True)
class Reversals:
    """Draws that contradict the mean."""

    count: int
    n: int
    """Draws."""
    ties: int
    """Draws on which nobody is ahead; they are no reversals."""
    low: float
    """Lower end of the Clopper–Pearson interval."""
    high: float

    @property
    def share(self) -> float:
        """Reversals per draw. The mean they are held against has the draw in it, so that few draws show too few."""
        return self.count / self.n


@dataclass(frozen=True, slots=True)
class ReversalModel:
    """Probabilities of reversal from the normal model. None where one seed cannot tell draws from noise."""

    delta: float
    """Δ, the (standardised) mean difference."""
    sd: float
    """Between draw means: √(τ² + σ_e² / S)."""
    tau: float | None
    """τ, noise of seeds taken out; 0 where that leaves less than nothing."""
    noise: float | None
    """Of seeds in a draw mean: σ_e / √S."""
    truncated: bool
    """The estimate of τ² was negative and stands as 0."""
    observed: float
    """Probability that a new draw with as many seeds contradicts the mean."""
    true: float | None
    """π, the same for the forget set itself, as if it had endless seeds."""
    by_noise: float | None
    """What the noise of seeds alone would show if every draw agreed: the null rate beside `observed`."""
    wrong_winner: float
    """Probability that the mean of a study of this size has the wrong sign, if the truth is what was estimated."""
    draws: int
    seeds: int

    @property
    def disagree(self) -> float | None:
        """Probability that two random forget sets order the two methods differently: 2 π (1 − π)."""
        return None if self.true is None else 2 * self.true * (1 - self.true)


def paired(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return ``first − second`` with what is only rounding set to 0, so that ties are ties; NaN where one is missing.

    Args:
        first: (draws,) or (draws, seeds).
        second: the same draws and seeds.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    difference = one - other
    found: np.ndarray = np.where(np.abs(difference) <= 1e-12 * np.maximum(np.abs(one), np.abs(other)), 0.0, difference)
    return found


def observed_reversals(
    strata: Sequence[np.ndarray], weights: Sequence[float] = (1.0,), level: float = LEVEL
) -> Reversals | None:
    """Return how many draws have the sign opposite to the standardised mean.

    Args:
        strata: one array (draws,) of paired differences of draw means a stratum; NaN = missing.
        weights: one a stratum; draws of strata without weight are not counted.
        level: coverage of the interval.

    Returns:
        None where a stratum that counts has no draw, or the mean is 0 and nobody leads.

    Raises:
        ValueError: weights that are no weights.
    """
    scaled = shares(weights, len(strata))
    found = [(d[~np.isnan(d)], w) for d, w in zip(strata, scaled, strict=True) if w > 0]
    if any(len(d) == 0 for d, _ in found):
        return None
    mean = sum(w * d.mean() for d, w in found)
    draws = np.concatenate([d for d, _ in found])
    if abs(mean) <= 1e-12 * np.abs(draws).max():  # what is only rounding leads nobody
        return None
    leader = np.sign(mean)
    count = int((np.sign(draws) == -leader).sum())
    return Reversals(count, len(draws), int((draws == 0).sum()), *clopper_pearson(count, len(draws), level))


def reversal_model(
    strata: Sequence[np.ndarray], weights: Sequence[float] = (1.0,), overlap: Sequence[float] = ()
) -> ReversalModel | None:
    """Return the probabilities of the normal model; with several strata τ and σ_e are pooled and π is their mean.

    New draws are draws from the same pool of samples. Only the wrong winner asks how far that pool speaks for others,
    and is corrected for draws that overlap.

    Args:
        strata: one array (draws, seeds) of paired differences a stratum, the same number of seeds in each; a draw with
            a missing seed is left out.
        weights: one a stratum: how often a new draw comes from it.
        overlap: one share a stratum, see `fairforget.stats.overlap`; empty = no draws overlap.

    Returns:
        None where a stratum that counts has fewer than two draws.

    Raises:
        ValueError: weights that are no weights, overlaps that are no shares, or strata of unlike numbers of seeds.
    """
    parts = Parts.of(strata, weights)
    return None if parts is None else modelled(parts, weights, overlap)


def modelled(parts: Parts, weights: Sequence[float], overlap: Sequence[float] = ()) -> ReversalModel:
    """Return `reversal_model` of strata whose parts are known already."""
    leader = float(np.sign(parts.delta)) or 1.0
    between = parts.between_ss / parts.between_df
    noise = parts.within_ss / parts.within_df / parts.seeds if parts.within_df else None
    tau = None if noise is None else max(between - noise, 0.0)
    ahead = leader * parts.means
    spreads = np.sqrt([[between], [tau or 0.0], [noise or 0.0]])
    observed, true, by_noise = (float(parts.weights @ by_stratum) for by_stratum in below_zero(ahead, spreads))
    rhos = [rho for rho, w in zip(overlaps(overlap, len(weights)), weights, strict=True) if w > 0]
    factors = np.array([inflation(int(n), rho) for n, rho in zip(parts.draws, rhos, strict=True)])
    # No variance is none, even of draws that are all one set.
    standard_error = math.sqrt(float((parts.weights**2 / parts.draws * factors).sum()) * between) if between else 0.0
    return ReversalModel(
        delta=parts.delta,
        sd=math.sqrt(between),
        tau=None if tau is None else math.sqrt(tau),
        noise=None if noise is None else math.sqrt(noise),
        truncated=noise is not None and between < noise,
        observed=observed,
        true=None if tau is None else true,
        by_noise=None if noise is None else by_noise,
        wrong_winner=float(below_zero(np.array(abs(parts.delta)), np.array(standard_error))),
        draws=int(parts.draws.sum()),
        seeds=parts.seeds,
    )


def draws_to_see(share: float, chance: float = LEVEL) -> int | None:
    """Return after how many draws a reversal of this probability has been seen with `chance`: ln(1 − c) / ln(1 − π).

    59, 29, 14 and 9 draws for 5, 10, 20 and 30 %; None where there is nothing to see.
    """
    if share <= 0:
        return None
    return 1 if share >= 1 else math.ceil(math.log(1 - chance) / math.log1p(-share) - 1e-9)


def below_zero(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return the probability that normal numbers are below 0; without spread they are where their mean is."""
    from scipy.special import ndtr

    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = ndtr(-mean / sd)
        return found if (sd > 0).all() else np.where(sd > 0, found, (mean < 0).astype(float))


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What the normal model is made of."""

    means: np.ndarray
    """(strata,) mean difference of each stratum that counts."""
    weights: np.ndarray
    """(strata,) summing to 1."""
    draws: np.ndarray
    """(strata,) how many each has."""
    seeds: int
    between_ss: float
    """Sum of squares of draw means about the mean of their stratum."""
    between_df: int
    within_ss: float
    """Sum of squares of seeds about their draw mean."""
    within_df: int

    @property
    def delta(self) -> float:
        """The standardised mean."""
        return float(self.weights @ self.means)

    @classmethod
    def of(cls, strata: Sequence[np.ndarray], weights: Sequence[float]) -> Parts | None:
        """Return the parts; None where a stratum that counts has fewer than two draws."""
        scaled = shares(weights, len(strata))
        found = [(d[~np.isnan(d).any(axis=1)], w) for d, w in zip(strata, scaled, strict=True) if w > 0]
        seeds = {d.shape[1] for d, _ in found}
        if len(seeds) > 1:
            msg = f"strata of one table have one number of seeds, not {sorted(seeds)}"
            raise ValueError(msg)
        if any(len(d) < 2 for d, _ in found):
            return None
        means = [draw_means(d) for d, _ in found]
        return cls(
            means=np.array([m.mean() for m in means]),
            weights=np.array([w for _, w in found]),
            draws=np.array([len(m) for m in means]),
            seeds=seeds.pop(),
            between_ss=float(sum(((m - m.mean()) ** 2).sum() for m in means)),
            between_df=sum(len(m) - 1 for m in means),
            within_ss=float(sum(((d - m[:, None]) ** 2).sum() for (d, _), m in zip(found, means, strict=True))),
            within_df=sum(len(d) * (d.shape[1] - 1) for d, _ in found),
        )
