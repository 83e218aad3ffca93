"""Every two rows against each other, paired by forget set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from fairforget.board.agreed import Chance, Share
from fairforget.board.compared import Pair, StratumDifference
from fairforget.board.comparing.agreement import known
from fairforget.board.comparing.turned import Turned, share_of
from fairforget.board.comparing.whole import Whole
from fairforget.stats.cube import PairedCube
from fairforget.stats.improvement import Improvement, improvement
from fairforget.stats.intervals import LEVEL, Estimate
from fairforget.stats.permutation import MOST_EXACT, sign_flip
from fairforget.stats.power import as_one_stratum, draws_to_tell
from fairforget.stats.ranks import Ranking, rank
from fairforget.stats.reversal import Parts, draws_to_see, modelled, observed_reversals, paired
from fairforget.stats.reversal_interval import Pivots, intervals_of
from fairforget.stats.strata import standardised_means

MOST_ROWS: Final = 100
"""Rows that are compared each with each; those below them only with the best."""
_RARE: Final = 3e-6
"""Nobody waits for a reversal this rare: a million draws would not show it."""
_DIGITS: Final = 6
"""Of what random numbers went into; more would be theirs."""


@dataclass(frozen=True, eq=False)
class Counting:
    """The strata that count; every row that is compared is whole in each of them."""

    order: tuple[str, ...]
    strata: tuple[Whole, ...]

    @property
    def weights(self) -> list[float]:
        """One a stratum."""
        return [stratum.weight for stratum in self.strata]

    @property
    def overlap(self) -> list[float]:
        """One a stratum."""
        return [stratum.overlap for stratum in self.strata]

    @cached_property
    def cube(self) -> PairedCube:
        """All of their draws together."""
        wide = max(stratum.cube.values.shape[2] for stratum in self.strata)
        padded = [
            np.pad(s.cube.values, ((0, 0), (0, 0), (0, wide - s.cube.values.shape[2])), constant_values=np.nan)
            for s in self.strata
        ]
        strata = np.repeat(np.arange(len(self.strata)), [len(s.draws) for s in self.strata])
        return PairedCube(np.concatenate(padded, axis=1), strata)

    @cached_property
    def balanced(self) -> list[np.ndarray]:
        """One array (rows, draws, seeds) a stratum, with as many seeds as every draw of all of them has."""
        found = [stratum.balanced() for stratum in self.strata]
        seeds = min(values.shape[2] for values in found)
        return [values[:, :, :seeds] for values in found]

    @cached_property
    def ranking(self) -> Ranking | None:
        """What the ranks of the board are made of."""
        return rank([stratum.means for stratum in self.strata], self.weights, overlap=self.overlap)

    @cached_property
    def improvement(self) -> Improvement:
        """The probability of improvement of every two rows."""
        return improvement(self.cube, self.weights, self.overlap)


def pairs_of(counting: Counting, strata: Sequence[Whole], rng: np.random.Generator) -> tuple[Pair, ...]:
    """Return the pairs, by first and second in the order of the board.

    Args:
        counting: the strata that count.
        strata: all strata.
        rng: for the intervals of the probabilities of reversal, and for flips of signs.
    """
    turned, pivots = Turned(strata), Pivots(rng)
    made: list[Pair] = []
    for i, first in enumerate(counting.order):
        others = range(len(counting.order))[i + 1 : None if i == 0 else MOST_ROWS]
        behind = slice(others.start, others.stop)
        apart = [paired(stratum.means[i], stratum.means[behind]) for stratum in counting.strata]
        differences = standardised_means(apart, counting.weights, overlap=counting.overlap)
        seeds = zip(*(paired(values[i], values[behind]) for values in counting.balanced), strict=True)
        by_stratum = turned.of(first, counting.order[behind])
        found = zip(others, differences, zip(*apart, strict=True), seeds, by_stratum, strict=True)
        made += [_pair(counting, i, *pair, pivots, rng) for pair in found]
    return tuple(made)


def _pair(
    counting: Counting,
    i: int,
    j: int,
    difference: Estimate | None,
    apart: Sequence[np.ndarray],
    seeds: Sequence[np.ndarray],
    strata: tuple[StratumDifference, ...],
    pivots: Pivots,
    rng: np.random.Generator,
) -> Pair:
    weights, overlap = counting.weights, counting.overlap
    ranking = counting.ranking
    if difference is None or ranking is None:
        msg = "rows are compared only where they have ranks"
        raise ValueError(msg)
    parts = Parts.of(seeds, weights)
    model = None if parts is None else modelled(parts, weights, overlap)
    ends = None if parts is None else intervals_of(parts, pivots)
    flip = sign_flip(apart, rng, weights) if sum(map(len, apart)) <= MOST_EXACT and not any(overlap) else None
    seen = observed_reversals(apart, weights)
    n = difference.n
    p = float(ranking.p[i, j])
    needed, apart_needed = (None, None) if p <= 1 - LEVEL else _needed(counting, apart, difference)
    return Pair(
        first=counting.order[i],
        second=counting.order[j],
        difference=difference,
        p=p,
        p_flip=None if flip is None else flip.p,
        improvement=chance(counting.improvement, i, j),
        reversals=share_of(0, n) if seen is None else Share(seen.count, seen.n, seen.share, seen.low, seen.high),
        reversal=_between(model.observed, ends.observed, n) if model and ends else None,
        reversal_true=_between(model.true, ends.true, n) if model and ends else None,
        wrong_winner=None if model is None else model.wrong_winner,
        draws_to_see=None if model is None or model.observed < _RARE else draws_to_see(model.observed),
        draws_to_tell=needed,
        draws_apart=apart_needed,
        strata=strata,
    )


def _needed(
    counting: Counting, differences: Sequence[np.ndarray], difference: Estimate
) -> tuple[int | None, int | None]:
    """Return how many draws would tell the difference in this ranking, like these and without a common sample."""
    rows = len(counting.order)
    # A one-sided test of every ordered pair: what Holm asks of the surest of them.
    alpha = 2 * (1 - LEVEL) / (rows * (rows - 1))
    spread = as_one_stratum(differences, counting.weights, counting.overlap)
    found = (
        draws_to_tell(difference.mean, spread.sd, spread.overlap, alpha),
        draws_to_tell(difference.mean, spread.sd_apart, 0.0, alpha),
    )
    # This very difference was not told with n draws, so it takes more of them.
    needed, apart = (None if one is None else max(one, difference.n + 1) for one in found)
    return needed, apart


def chance(found: Improvement, i: int, j: int) -> Chance:
    """Return the probability that row i beats row j."""
    return Chance(float(found.value[i, j]), known(found.low[i, j]), known(found.high[i, j]), int(found.n[i, j]))


def _between(value: float | None, ends: tuple[float, float] | None, n: int) -> Chance | None:
    if value is None:
        return None
    low, high = (None, None) if ends is None else (round(end, _DIGITS) for end in ends)
    return Chance(value, low, high, n)
