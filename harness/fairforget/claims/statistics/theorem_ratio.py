"""Whether two scores are one quantity: their ratio, and how well they agree beyond it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

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
    same_samples,
    seeds_planned,
    table,
)
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.association import spearman
from fairforget.stats.crossed import FEWEST_GROUPS, FEWEST_SEEDS, LeftOut, Span, crossed_interval, without_groups

_LARGEST: Final = 1e100
"""A sigma whose square float64 holds."""


@dataclass(frozen=True)
class TheoremRatio(Statistic):
    r"""Mean of one score over the mean of another that by derivation is the same number for every sample.

    For Theorem 3.2 of arXiv 2504.06658: antithetic Monte Carlo of ``mrd.out`` over its curvature form
    :math:`\frac{\sigma^2}2|\mathrm{Tr}H|`. Where the two have another sigma, the second is rescaled by the square of
    the ratio. The ratio of means is unbiased by the noise of either score, to first order; the regression through the
    origin is not, for noise in the second score flattens it, so it is the figure's, with and without the correction.

    The interval is that of `fairforget.stats.crossed` on the logarithm, with the seeds of each score as a source of
    their own. Three seeds of each are needed.

    Figure: ``regression`` through the origin, ``regression_corrected`` for the noise of the second score, ``pearson``
    and ``spearman`` of the means over seeds, ``points`` (``id``, ``first``, ``second``, standard errors
    ``first_error`` and ``second_error``), ``sigma`` of both, ``seeds`` of both.
    """

    unit = "seeds"
    fewest_groups = FEWEST_GROUPS
    of: Annotated[Meant, "difficulty above the line, with options that tell its score sets from others"]
    over: Annotated[Meant, "difficulty below it"]
    part: Annotated[str | None, "of the claim; null = the first"] = None
    shuffled: Annotated[bool, "whether both are permuted over the samples: what agrees is then the means alone"] = False

    @np.errstate(all="ignore")  # what overflows is not finite, and has no interval
    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the effect on one target; unknown with less than three seeds of a score, or a score of 0 or less."""
        try:
            part = part_of(evidence, self.part)
            sets = [meant(part, what) for what in (self.of, self.over)]
            first, second = same_samples([table(some) for some in sets])
            sigmas = [_sigma(some[0].difficulty) for some in sets]
        except Unusable as why:
            return Effect.unknown(str(why), unit=self.unit)
        if self.shuffled:
            first, second = permuted(first, rng), permuted(second, rng)
        count = min(len(first.seeds), len(second.seeds))
        if count < FEWEST_SEEDS:
            return Effect.unknown(f"{count} seeds of a score; at least {FEWEST_SEEDS} tell an error", count, self.unit)
        above, below = first.values[0], second.values[0] * (sigmas[0] / sigmas[1]) ** 2
        span = log_ratio(above, below, first.groups)
        if span is None:
            return Effect.unknown("too few samples, or scores that are 0 in the mean", count, self.unit)
        figure = {**_figure(first, above, below), "sigma": sigmas, "seeds": [len(above), len(below)]}
        value, low, high = span.through(lambda value: float(np.exp(value)))
        return Effect(value, low, high, count, self.unit, problem=joined_notes(first, second), figure=figure)

    def planned(self, design: Design) -> int | None:
        """Return the seeds, the fewest of a difficulty that is meant."""
        return seeds_planned(design, self.of, self.over)


def log_ratio(above: np.ndarray, below: np.ndarray, groups: np.ndarray) -> Span | None:
    """Return the logarithm of the ratio of means of (R, n) and (S, n), with its interval; None where one is not > 0."""
    if not (0 < above.mean() < math.inf and 0 < below.mean() < math.inf):
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        tops, bottoms = np.log(without_groups(above.mean(0), groups)), np.log(without_groups(below.mean(0), groups))
        top, bottom = math.log(above.mean()), math.log(below.mean())
        left = [(values.sum(0) - values) / (len(values) - 1) for values in (above, below)]
        sources = [
            LeftOut(sign * (np.log(v.mean(1)) - other), sign * (np.log(without_groups(v, groups)) - others))
            for v, sign, other, others in ((left[0], 1, bottom, bottoms), (left[1], -1, top, tops))
        ]
    return crossed_interval(top - bottom, tops - bottoms, sources)


def _figure(found: Table, above: np.ndarray, below: np.ndarray) -> dict[str, Any]:
    y, x = above.mean(0), below.mean(0)
    errors = [v.std(0, ddof=1) / math.sqrt(len(v)) for v in (above, below)]
    squares = float(x @ x)
    noise = float((errors[1] ** 2).sum())
    spread = float(x.std() * y.std())
    names = zip(found.ids, y, x, *errors, strict=True)
    keys = ("id", "first", "second", "first_error", "second_error")
    return {
        "regression": float(x @ y) / squares,
        "regression_corrected": float(x @ y) / (squares - noise) if squares > noise else None,
        "pearson": float(((x - x.mean()) * (y - y.mean())).mean()) / spread if spread else None,
        "spearman": spearman(x, y),
        "points": [dict(zip(keys, (name, *map(float, numbers)), strict=True)) for name, *numbers in names],
    }


def _sigma(difficulty: Mapping[str, Any]) -> float:
    options = difficulty["options"]
    sigma = options.get("sigma")
    if isinstance(sigma, bool) or not isinstance(sigma, int | float) or not 0 < sigma < _LARGEST:
        raise Unusable(f"scores by {difficulty['name']} have no sigma above 0")
    if options.get("sigma_unit", "absolute") != "absolute":
        raise Unusable(f"sigma of {difficulty['name']} is in other units; score with sigma_unit: absolute")
    return float(sigma)
