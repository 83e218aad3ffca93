"""How well a probability of reversal is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.stats.intervals import FEWEST_DRAWS, LEVEL
from fairforget.stats.reversal import Parts, below_zero


@dataclass(frozen=True, slots=True)
class ReversalIntervals:
    """Intervals beside the probabilities of `fairforget.stats.reversal.ReversalModel`."""

    observed: tuple[float, float]
    true: tuple[float, float] | None
    """None with one seed."""


def reversal_intervals(
    strata: Sequence[np.ndarray],
    weights: Sequence[float] = (1.0,),
    *,
    rng: np.random.Generator,
    resamples: int = 2000,
    level: float = LEVEL,
) -> ReversalIntervals | None:
    """Return intervals of the probabilities of reversal, for the order that holds in truth, whichever that is.

    Generalised pivots (Weerahandi 1993, JASA 88): the sums of squares over χ² numbers stand for the variances, and each
    mean less a normal number times its standard error for the true mean. For one stratum the interval of what is
    observed is the exact one from the non-central t distribution, up to the number of resamples. It reaches up to 1/2
    where the order itself is not resolved: nobody then knows which draws are the reversed ones. Over several strata it
    can reach beyond: who leads by much in one of three and trails in two is behind on most draws.

    Args:
        strata: as those of `reversal_model`.
        weights: likewise.
        rng: for the pivots.
        resamples: how many; with 2,000 an end is off by less than a percentage point, mostly.
        level: coverage.

    Returns:
        None where a stratum that counts has fewer than three draws.
    """
    parts = Parts.of(strata, weights)
    return None if parts is None else intervals_of(parts, Pivots(rng, resamples), level=level)


class Pivots:
    """The random numbers of the pivots.

    Many pairs of rows may share them: what an interval is off by for their sake is then the same for all pairs that
    have as many draws and seeds, and nothing that pairs could seem to differ by.
    """

    def __init__(self, rng: np.random.Generator, resamples: int = 2000) -> None:
        self.resamples = resamples
        self._rng = rng
        self._known: dict[tuple[str, int], np.ndarray] = {}

    def between(self, df: int) -> np.ndarray:
        """Return χ² numbers for the variance between draws, (resamples,)."""
        return self._drawn("between", df, lambda: self._rng.chisquare(df, self.resamples))

    def within(self, df: int) -> np.ndarray:
        """Return χ² numbers for the variance between seeds, (resamples,)."""
        return self._drawn("within", df, lambda: self._rng.chisquare(df, self.resamples))

    def means(self, strata: int) -> np.ndarray:
        """Return standard normal numbers, (resamples, strata)."""
        return self._drawn("means", strata, lambda: self._rng.standard_normal((self.resamples, strata)))

    def _drawn(self, name: str, n: int, draw: Callable[[], np.ndarray]) -> np.ndarray:
        known = self._known.get((name, n))
        if known is None:
            known = self._known[name, n] = draw()
        return known


def intervals_of(parts: Parts, pivots: Pivots, *, level: float = LEVEL) -> ReversalIntervals | None:
    """Return `reversal_intervals` of strata whose parts are known already."""
    if (parts.draws < FEWEST_DRAWS).any():
        return None
    leader, tail = 1.0 if parts.delta >= 0 else -1.0, (1 - level) / 2
    between = parts.between_ss / pivots.between(parts.between_df)
    noise = pivots.means(len(parts.means)) * np.sqrt(between[:, None] / parts.draws)
    ahead = (parts.means - noise) * leader
    leads = ahead @ parts.weights >= 0
    resolved = np.count_nonzero(leads) / pivots.resamples >= 1 - tail
    spread = parts.between_ss / parts.between_df

    def interval(variance: float, variances: np.ndarray) -> tuple[float, float]:
        beaten = below_zero(ahead, np.sqrt(variances)[:, None]) @ parts.weights
        low, high = _quantiles(beaten, (tail, 1 - tail))
        if resolved:
            return low, high
        # Where in truth the other method leads, it is 1 − p that the order which holds there is contradicted by.
        (turned,) = _quantiles(np.where(leads, beaten, 1 - beaten), (1 - tail,))
        seen = float(below_zero(leader * parts.means, np.array(math.sqrt(variance))) @ parts.weights)
        return min(low, 1 - high), max(0.5, turned, seen)

    observed = interval(spread, between)
    if not parts.within_df:
        return ReversalIntervals(observed, None)
    seeds = parts.within_ss / pivots.within(parts.within_df) / parts.seeds
    runs = parts.within_ss / parts.within_df / parts.seeds
    return ReversalIntervals(observed, interval(max(spread - runs, 0.0), np.maximum(between - seeds, 0.0)))


def _quantiles(values: np.ndarray, levels: Sequence[float]) -> list[float]:
    """Return what `numpy.quantile` does, to the last bit, of numbers without NaN; a board asks for thousands."""
    places = [level * (len(values) - 1) for level in levels]
    below = [math.floor(place) for place in places]
    ordered = np.sort(values)  # three times as fast as np.partition at four places
    found = []
    for place, i in zip(places, below, strict=True):
        low, high, part = float(ordered[i]), float(ordered[min(i + 1, len(values) - 1)]), place - i
        found.append(high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part)
    return found
