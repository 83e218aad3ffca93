"""Whether two scores rank the samples alike, as they are and given other scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.score_sets import (
    Meant,
    Table,
    Unusable,
    joined_notes,
    meant,
    part_of,
    same_samples,
    table,
)
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.crossed import FEWEST_GROUPS, FEWEST_SEEDS, LeftOut, Span, crossed_interval
from fairforget.stats.left_out_ranks import fisher_z, mean_between, partial, rank_correlations


@dataclass(frozen=True)
class ScoreAgreement(Statistic):
    r"""Spearman's correlation of two scores of the same samples, their means over seeds; raw and partial.

    Given other scores (the length), it is the correlation of the ranks left over after least squares on the ranks of
    those. Noise of the scores brings the correlation nearer to 0; the figure has what the seeds say of it:
    :math:`\rho/\sqrt{r_{xx}r_{yy}}`, with r the correlation of a score's mean over its R seeds with another such mean,
    :math:`R\bar r/(1+(R-1)\bar r)` from the mean correlation between seeds (Spearman 1904; Brown 1910).

    The interval is Student's on Fisher's z, with samples (groups of them) and the seeds of both scores left out in
    turn, see `fairforget.stats.crossed`. A score with one or two seeds is taken as it is; ``problem`` says so where its
    difficulty draws.

    Figure: ``raw`` and ``partial`` (null without `given`), each with ``rho``, ``low``, ``high``; ``reliability`` of
    both scores (null with one seed); ``corrected``; ``points`` (``id``, ``first``, ``second``); ``samples``,
    ``groups``, ``seeds`` of both.
    """

    unit = "samples"
    fewest_groups = FEWEST_GROUPS
    of: Annotated[Meant, "difficulty, with options that tell its score sets from others"]
    beside: Annotated[Meant, "the other difficulty"]
    given: Annotated[tuple[Meant, ...], "difficulties whose ranks are partialled out"] = ()
    quantity: Annotated[Literal["raw", "partial"], "what the effect is; the other is the figure's"] = "raw"
    reverse: Annotated[bool, "whether the other is turned round, as loss is for probability"] = False
    part: Annotated[str | None, "of the claim; null = the first"] = None
    shuffled: Annotated[bool, "whether the first is permuted over the samples: a control"] = False

    @np.errstate(all="ignore")  # what overflows is not finite, and has no interval
    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the effect on one target; unknown with less than five samples, or groups of them. n = groups."""
        try:
            part = part_of(evidence, self.part)
            tables = same_samples([table(meant(part, what)) for what in (self.of, self.beside, *self.given)])
        except Unusable as why:
            return Effect.unknown(str(why), unit=self.unit)
        first, second, *rest = tables
        groups = first.groups
        count = len(set(first.clusters))
        one, two = first.values[0], second.values[0] * (-1 if self.reverse else 1)
        if self.shuffled:
            one = one[:, rng.permutation(one.shape[1])]
        raw = agreement(one, two, np.empty((0, one.shape[1])), groups)
        others = np.array([t.values[0].mean(0) for t in rest])
        given = agreement(one, two, others, groups) if rest else None
        span = raw if self.quantity == "raw" else given
        if self.quantity == "partial" and not rest:
            return Effect.unknown("a partial correlation takes scores in 'given'", count, self.unit)
        if span is None or raw is None:
            return Effect.unknown("too few samples, or scores without any spread", count, self.unit)
        reliability = [_reliability(one), _reliability(two)]
        figure = {
            "raw": _shown(raw),
            "partial": None if given is None else _shown(given),
            "reliability": reliability,
            "corrected": _corrected(math.tanh(raw.value), reliability),
            "points": [
                {"id": name, "first": float(x), "second": float(y)}
                for name, x, y in zip(first.ids, one.mean(0), two.mean(0), strict=True)
            ],
            "samples": len(first.ids),
            "groups": count,
            "seeds": [len(one), len(two)],
        }
        notes = [*(_alone(t) for t in (first, second)), joined_notes(*tables)]
        problem = "; ".join(note for note in notes if note) or None
        rho, low, high = span.through(math.tanh)
        unit = self.unit if count == len(first.ids) else "groups of samples"
        return Effect(rho, low, high, count, unit, problem=problem, figure=figure)


def agreement(one: np.ndarray, two: np.ndarray, given: np.ndarray, groups: np.ndarray) -> Span | None:
    """Return Fisher's z of the rank correlation of means over seeds, (R, n) and (S, n), given (p, n)."""

    def z(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return fisher_z(partial(rank_correlations(np.vstack([first, second, given]), groups)))

    x, y = one.mean(0), two.mean(0)
    whole = z(x, y)
    sources = []
    for values, moved in ((one, 0), (two, 1)):
        if len(values) < FEWEST_SEEDS:
            continue
        means = (values.sum(0) - values) / (len(values) - 1)
        left = np.array([z(x, mean) if moved else z(mean, y) for mean in means])
        sources.append(LeftOut(left[:, 0], left[:, 1:]))
    return crossed_interval(float(whole[0]), whole[1:], sources)


def _alone(found: Table) -> str | None:
    if not found.draws or (seeds := len(found.seeds)) >= FEWEST_SEEDS:
        return None
    few = "one seed" if seeds == 1 else f"{seeds} seeds"
    return f"{found.difficulty} has {few}: what its draws have in common is not in the interval"


def _reliability(values: np.ndarray) -> float | None:
    """Return what the mean over seeds, of (R, n), would correlate with another such mean; None with less than two."""
    seeds = len(values)
    if seeds < 2:
        return None
    every = np.zeros(values.shape[1], dtype=int)
    matrix = rank_correlations(values, every)[0]
    r = float(mean_between(matrix)[0]) if seeds > 2 else float(matrix[0, 1])
    return seeds * max(0.0, r) / (1 + (seeds - 1) * max(0.0, r))


def _corrected(rho: float, reliability: list[float | None]) -> float | None:
    scale = math.prod(1.0 if r is None else r for r in reliability)
    return min(1.0, max(-1.0, rho / math.sqrt(scale))) if scale > 0 else None


def _shown(span: Span) -> dict[str, Any]:
    return dict(zip(("rho", "low", "high"), span.through(math.tanh), strict=True))
