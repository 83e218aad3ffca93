"""How far forget sets and strata agree on the order of rows, and where the variance lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, compress
from typing import Final

import numpy as np

from fairforget.board.agreed import Agreement, Chance, Components, DrawRanks, StrataTau, StratumCompared
from fairforget.board.comparing.whole import Whole
from fairforget.stats.agreement import concordance, ranks_in, tau_b, tau_between, top_one
from fairforget.stats.components import components

WANTED: Final = 0.9
"""The coefficient for which draws are counted."""
_NAMES: Final = {"method": "method", "draw": "draw", "interaction": "method_draw", "residual": "seed"}


def agreement_of(rows: Sequence[str], means: np.ndarray) -> Agreement:
    """Return how far draws agree; `means` are (rows, draws)."""
    between, together, top = tau_between(means), concordance(means), top_one(means)
    return Agreement(
        draws=means.shape[1],
        rows=len(rows),
        tau_median=known(between.median),
        tau_low=known(between.low),
        w=None if together is None else known(together.w),
        rho=None if together is None else known(together.rho),
        top_changes=known(top.changes),
        winners={row: float(won) for row, won in zip(rows, top.wins, strict=True) if won > 0},
    )


def stratum_compared(stratum: Whole) -> StratumCompared:
    """Return the comparison inside one stratum."""
    return StratumCompared(agreement_of(stratum.rows, stratum.means), components_of(stratum), stratum.overlap)


def components_of(stratum: Whole) -> Components | None:
    """Return the variance components, of as many seeds as every draw has."""
    found = components(stratum.balanced(), stratum.overlap)
    if found is None:
        return None
    low, high = found.ranking_interval()
    ranking = known(found.ranking())
    return Components(
        method=found.method,
        draw=found.draw,
        method_draw=found.interaction,
        seed=found.residual,
        truncated=tuple(_NAMES[name] for name in found.truncated),
        selection=known(found.selection),
        p=known(found.p),
        ranking=None if ranking is None else Chance(ranking, known(low), known(high), found.draws),
        absolute=known(found.absolute()),
        wanted=WANTED,
        draws_wanted=found.draws_needed(WANTED),
        rows=found.methods,
        draws=found.draws,
        seeds=found.seeds,
    )


def between_strata(strata: Sequence[Whole]) -> tuple[StrataTau, ...]:
    """Return how far every two strata agree on the rows that both have."""
    found = []
    for one, other in combinations(strata, 2):
        rows = [row for row in one.rows if row in set(other.rows)]
        if len(rows) > 1:
            tau = tau_b(one.only(rows).mean(axis=1), other.only(rows).mean(axis=1))
            found.append(StrataTau(one.label, other.label, known(tau), len(rows)))
    return tuple(found)


def draw_ranks(stratum: Whole) -> list[DrawRanks]:
    """Return the ranks of the rows on each forget set."""
    means = stratum.means
    ranks = ranks_in(means)
    firsts = ranks == ranks.min(axis=0)
    # One column more: the order of the means.
    taus = tau_between(np.column_stack([means, means.mean(axis=1)])).matrix[-1]
    return [
        DrawRanks(
            stratum.label,
            draw.index,
            draw.digest,
            dict(zip(stratum.rows, ranks[:, i].tolist(), strict=True)),
            tuple(compress(stratum.rows, firsts[:, i])),
            known(taus[i]),
        )
        for i, draw in enumerate(stratum.draws)
    ]


def known(value: float) -> float | None:
    """Return a finite number; None where there is none."""
    return float(value) if math.isfinite(value) else None
