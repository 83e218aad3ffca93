"""Each row among the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from fairforget.board.compared import Pair, RankSet, Standing
from fairforget.board.comparing.pairs import Counting, chance
from fairforget.board.comparing.whole import Whole
from fairforget.stats.bootstrap import Bootstrap, bootstrap
from fairforget.stats.intervals import FEWEST_DRAWS, Estimate
from fairforget.stats.ranks import rank

MOST_RESAMPLES: Final = 10_000
FEWEST_RESAMPLES: Final = 1_000
_WORK: Final = 40_000_000
"""Resamples × pairs of rows; a second or so."""


def resamples_for(rows: int) -> int:
    """Return how often to resample: 10,000 times, less often only where there are very many rows."""
    return max(FEWEST_RESAMPLES, min(MOST_RESAMPLES, _WORK // (rows * rows)))


def standings_of(
    counting: Counting, strata: Sequence[Whole], pairs: Sequence[Pair], rng: np.random.Generator
) -> dict[str, Standing]:
    """Return each row's standing, in the order of the board.

    Args:
        counting: the strata that count.
        strata: all strata.
        pairs: every pair of rows.
        rng: for the bootstrap.
    """
    found = bootstrap(counting.cube, rng, resamples_for(len(counting.order)), counting.weights, counting.overlap)
    if found is None:
        msg = "rows are compared only where they have ranks"
        raise ValueError(msg)
    to_best = {pair.second: _turned(pair.difference) for pair in pairs if pair.first == counting.order[0]}
    ranks = {stratum.label: _ranks(stratum) for stratum in strata}
    return {
        row: _standing(counting, found, i, to_best.get(row), {s: r[row] for s, r in ranks.items() if row in r})
        for i, row in enumerate(counting.order)
    }


def _standing(
    counting: Counting, found: Bootstrap, i: int, to_best: Estimate | None, strata: Mapping[str, RankSet]
) -> Standing:
    last = i == len(counting.order) - 1
    return Standing(
        first=round(float(found.first[i]), 6),
        low=int(found.low[i]),
        high=int(found.high[i]),
        to_best=to_best,
        beats_next=None if last else chance(counting.improvement, i, i + 1),
        sd_draws=_between_draws(counting, i),
        sd_seeds=_between_seeds(counting, i),
        strata=strata,
    )


def _between_draws(counting: Counting, i: int) -> float:
    return math.sqrt(sum(s.weight * float(s.means[i].var(ddof=1)) for s in counting.strata))


def _between_seeds(counting: Counting, i: int) -> float | None:
    """Return the standard deviation between seeds of one draw, pooled over the draws that have several."""
    values = counting.cube.values[i]
    present = ~np.isnan(values)
    counts = present.sum(axis=1)
    free = int((counts - 1).clip(min=0).sum())
    if not free:
        return None
    means = np.where(present, values, 0.0).sum(axis=1) / counts
    squares = np.where(present, (values - means[:, None]) ** 2, 0.0).sum()
    return math.sqrt(float(squares) / free)


def _ranks(stratum: Whole) -> dict[str, RankSet]:
    if len(stratum.draws) < FEWEST_DRAWS or not stratum.known:
        return {}
    found = rank([stratum.means], overlap=[stratum.overlap])
    if found is None:
        return {}
    return {
        row: RankSet(int(found.rank[i]), int(found.rank[i]), int(found.worst[i])) for i, row in enumerate(stratum.rows)
    }


def _turned(difference: Estimate) -> Estimate:
    low, high = (None if end is None else -end for end in (difference.high, difference.low))
    return Estimate(-difference.mean, low, high, difference.n, difference.sd)
