"""Every two rows against each other, paired by forget set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np

from fairforget.board.agreed import Chance, Share
from fairforget.board.compared import Pair, StratumDifference
from fairforget.board.comparing.agreement import known
from fairforget.board.comparing.whole import Whole
from fairforget.stats.binomial import clopper_pearson
from fairforget.stats.cube import PairedCube
from fairforget.stats.improvement import Improvement, improvement
from fairforget.stats.intervals import paired_difference
from fairforget.stats.permutation import MOST_EXACT, sign_flip
from fairforget.stats.power import draws_to_tell
from fairforget.stats.ranks import Ranking, rank
from fairforget.stats.reversal import draws_to_see, observed_reversals, paired, reversal_model
from fairforget.stats.reversal_interval import reversal_intervals
from fairforget.stats.simpson import StratumReversal, stratum_reversals
from fairforget.stats.strata import standardised_mean

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
        rng: for the intervals of the probabilities of reversal.
    """
    contradicted = _contradictions(counting, strata)
    numbered = list(enumerate(counting.order))
    return tuple(
        _pair(counting, i, j, _by_stratum(first, second, strata, contradicted), rng)
        for (i, first), (j, second) in combinations(numbered, 2)
        if i == 0 or j < MOST_ROWS
    )


def _pair(counting: Counting, i: int, j: int, strata: tuple[StratumDifference, ...], rng: np.random.Generator) -> Pair:
    weights, overlap = counting.weights, counting.overlap
    apart = [paired(stratum.means[i], stratum.means[j]) for stratum in counting.strata]
    difference = standardised_mean(apart, weights, overlap=overlap)
    ranking = counting.ranking
    if difference is None or ranking is None:
        msg = "rows are compared only where they have ranks"
        raise ValueError(msg)
    seeds = [paired(values[i], values[j]) for values in counting.balanced]
    model, ends = reversal_model(seeds, weights, overlap), reversal_intervals(seeds, weights, rng=rng)
    flip = sign_flip(apart, rng, weights) if sum(map(len, apart)) <= MOST_EXACT and not any(overlap) else None
    seen = observed_reversals(apart, weights)
    n = difference.n
    shared = float(np.dot(weights, overlap))
    return Pair(
        first=counting.order[i],
        second=counting.order[j],
        difference=difference,
        p=float(ranking.p[i, j]),
        p_flip=None if flip is None else flip.p,
        improvement=chance(counting.improvement, i, j),
        reversals=_share(0, n) if seen is None else Share(seen.count, seen.n, seen.share, seen.low, seen.high),
        reversal=_between(model.observed, ends.observed, n) if model and ends else None,
        reversal_true=_between(model.true, ends.true, n) if model and ends else None,
        wrong_winner=None if model is None else model.wrong_winner,
        draws_to_see=None if model is None or model.observed < _RARE else draws_to_see(model.observed),
        draws_to_tell=None if difference.sd is None else draws_to_tell(difference.mean, difference.sd, shared),
        strata=strata,
    )


def chance(found: Improvement, i: int, j: int) -> Chance:
    """Return the probability that row i beats row j."""
    return Chance(float(found.value[i, j]), known(found.low[i, j]), known(found.high[i, j]), int(found.n[i, j]))


def _contradictions(counting: Counting, strata: Sequence[Whole]) -> dict[tuple[str, str, str], StratumReversal]:
    """Return what contradicts the headline, by first, second and label; over the rows that are whole everywhere."""
    rows = [row for row in counting.order if all(row in stratum.rows for stratum in strata)]
    if len(rows) < 2:
        return {}
    found = stratum_reversals(
        [stratum.only(rows) for stratum in strata],
        [stratum.weight for stratum in strata],
        overlap=[stratum.overlap for stratum in strata],
    )
    return {(rows[one.leader], rows[one.other], strata[one.stratum].label): one for one in found}


def _by_stratum(
    first: str, second: str, strata: Sequence[Whole], contradicted: dict[tuple[str, str, str], StratumReversal]
) -> tuple[StratumDifference, ...]:
    made = []
    for stratum in strata:
        if first not in stratum.rows or second not in stratum.rows:
            continue
        one, other = stratum.only([first, second])
        apart, difference = paired(one, other), paired_difference(one, other, overlap=stratum.overlap)
        if difference is None:
            continue
        against = contradicted.get((first, second, stratum.label))
        made.append(
            StratumDifference(
                stratum.label,
                difference,
                _share(int((apart < 0).sum()), len(apart)),
                against is not None,
                None if against is None else against.p,
                against is not None and against.significant,
            )
        )
    return tuple(made)


def _share(count: int, n: int) -> Share:
    return Share(count, n, count / n, *clopper_pearson(count, n))


def _between(value: float | None, ends: tuple[float, float] | None, n: int) -> Chance | None:
    if value is None:
        return None
    low, high = (None, None) if ends is None else (round(end, _DIGITS) for end in ends)
    return Chance(value, low, high, n)
