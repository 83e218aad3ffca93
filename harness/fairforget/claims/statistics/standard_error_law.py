r"""How the error of a score falls with its draws, against the law that follows from the definition."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import numpy as np

from fairforget.claims.statistics.base import Design, Statistic
from fairforget.claims.statistics.score_sets import (
    Meant,
    Table,
    Unusable,
    joined_notes,
    meant,
    part_of,
    permuted,
    seeds_planned,
    table,
)
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.crossed import FEWEST_GROUPS, FEWEST_SEEDS, LeftOut, Span, crossed_interval, without_groups
from fairforget.stats.left_out_ranks import fisher_z, mean_between, rank_correlations

LAW: Final = math.sqrt(math.pi / 2 - 1)
"""Standard deviation over mean of a half-normal variable, .756."""


@dataclass(frozen=True)
class StandardErrorLaw(Statistic):
    r"""Relative standard error of a score times the root of its draws, or how well two estimates of it agree.

    To first order the change of a sample under Gaussian noise is normal, so its size is half-normal, and the mean of K
    such sizes has the relative standard error :math:`\sqrt{\pi/2-1}/\sqrt K = .756/\sqrt K`, whatever the model and
    sigma: the law of ``mrd.in``. The ``constant`` is what it should have in place of .756,

    .. math:: \hat c = \Big(\frac1L\sum_K \frac Kn\sum_i \frac{s_{iK}^2}{\bar v_{iK}^2}\Big)^{1/2}

    over L numbers of draws K and n samples, with mean and variance over independent seeds. The ``rank-correlation`` is
    Spearman's between two seeds at K = ``at``, the mean over pairs of seeds: two halves of 2 K draws.

    A score that is noise at any K has a constant that grows as the root of K. The interval is that of
    `fairforget.stats.crossed`: seeds and samples are both random, and seeds serve all samples. It needs three seeds.

    Figure: ``by_draws``, a row for each K: ``draws``, ``relative_error`` with ``low`` and ``high``, ``law``,
    ``rank_correlation`` with ``rank_low`` and ``rank_high``; ``slope`` of log error on log K (-1/2 by the law);
    ``samples``, ``seeds``.
    """

    unit = "seeds"
    fewest_groups = FEWEST_GROUPS
    of: Annotated[Meant, "difficulty whose score sets are meant, with options that tell it from others"]
    quantity: Annotated[Literal["constant", "rank-correlation"], "what the effect is"] = "constant"
    at: Annotated[int, "draws at which the rank correlation is taken"] = 50
    by: Annotated[str, "option of the difficulty that is the number of draws"] = "draws"
    part: Annotated[str | None, "of the claim; null = the first"] = None
    shuffled: Annotated[bool, "whether every score set is permuted over the samples: a control"] = False

    @np.errstate(all="ignore")  # what overflows is not finite, and has no interval
    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the effect on one target; unknown with less than three seeds, or where a score is 0 or less."""
        try:
            found = table(meant(part_of(evidence, self.part), self.of), self.by, positive=True)
        except Unusable as why:
            return Effect.unknown(str(why), unit=self.unit)
        if found.levels[0] <= 0:
            return Effect.unknown(f"a number of draws is above 0, and {self.by} is not", len(found.seeds), self.unit)
        if self.shuffled:
            found = permuted(found, rng)
        count = len(found.seeds)
        if count < FEWEST_SEEDS:
            return Effect.unknown(f"{count} seeds; at least {FEWEST_SEEDS} tell an error", count, self.unit)
        back: Callable[[float], float] = _exp if self.quantity == "constant" else math.tanh
        rows = [_row(found, i) for i in range(len(found.levels))]
        if self.quantity == "constant":
            span = error_constant(found, range(len(found.levels)))
        else:
            if self.at not in found.levels:
                return Effect.unknown(f"no score sets with {self.by} = {self.at}", count, self.unit)
            span = seed_agreement(found, found.levels.index(self.at))
        if span is None:
            return Effect.unknown("too few samples, or scores without any spread", count, self.unit)
        figure = {"by_draws": rows, "slope": _slope(rows), "samples": len(found.ids), "seeds": count}
        problem = joined_notes(found)
        value, low, high = span.through(back)
        return Effect(value, low, high, count, self.unit, problem=problem, figure=figure)

    def planned(self, design: Design) -> int | None:
        """Return the seeds, the fewest of a difficulty that is meant."""
        return seeds_planned(design, self.of)


def relative_variance(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return variance over squared mean over seeds, (n,), and the same without each seed, (R, n), from (R, n)."""
    seeds = len(values)
    total, squares = values.sum(0), (values**2).sum(0)

    def of(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        mean = first / count
        found: np.ndarray = (second - count * mean**2) / (count - 1) / mean**2
        return found

    return of(seeds, total, squares), of(seeds - 1, total - values, squares - values**2)


def error_constant(found: Table, levels: range) -> Span | None:
    """Return log c over some numbers of draws."""
    pairs = [relative_variance(found.values[i]) for i in levels]
    draws = [found.levels[i] for i in levels]
    whole = np.mean([k * full for k, (full, _) in zip(draws, pairs, strict=True)], axis=0)
    left = np.mean([k * without for k, (_, without) in zip(draws, pairs, strict=True)], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(np.log(whole.mean())) / 2
        source = LeftOut(np.log(left.mean(1)) / 2, np.log(without_groups(left, found.groups)) / 2)
        groups = np.log(without_groups(whole, found.groups)) / 2
    return crossed_interval(value, groups, [source])


def seed_agreement(found: Table, level: int) -> Span | None:
    """Return Fisher's z of the mean correlation between seeds."""
    mean, without = mean_between(rank_correlations(found.values[level], found.groups))
    z, left = fisher_z(mean), fisher_z(without)
    return crossed_interval(float(z[0]), z[1:], [LeftOut(left[0], left[1:].T)])


def _row(found: Table, level: int) -> Mapping[str, Any]:
    draws = found.levels[level]
    law = 1 / math.sqrt(draws)
    error, ranks = error_constant(found, range(level, level + 1)), seed_agreement(found, level)
    errors = (None,) * 3 if error is None else tuple(v * law for v in error.through(_exp))
    rhos = (None,) * 3 if ranks is None else ranks.through(math.tanh)
    return {
        "draws": draws,
        "law": LAW * law,
        **dict(zip(("relative_error", "low", "high"), errors, strict=True)),
        **dict(zip(("rank_correlation", "rank_low", "rank_high"), rhos, strict=True)),
    }


def _slope(rows: list[Mapping[str, Any]]) -> float | None:
    known = [(row["draws"], row["relative_error"]) for row in rows if row["relative_error"]]
    if len(known) < 2:
        return None
    x, y = np.log(np.array(known)).T
    return float(np.polyfit(x, y, 1)[0])


def _exp(value: float) -> float:
    return float(np.exp(value))  # infinite where that of math is an error
