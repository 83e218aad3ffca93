"""By what power a score depends on an option of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from fairforget.claims.statistics.base import Design, Statistic
from fairforget.claims.statistics.score_sets import (
    Meant,
    Table,
    Unusable,
    joined_notes,
    meant,
    part_of,
    seeds_planned,
    table,
)
from fairforget.claims.values import Effect, Evidence, Part
from fairforget.stats.association import spearman
from fairforget.stats.crossed import FEWEST_GROUPS, FEWEST_SEEDS, LeftOut, Span, crossed_interval, without_groups


@dataclass(frozen=True)
class SensitivitySlope(Statistic):
    r"""Slope of the logarithm of a score on the logarithm of an option, the mean over samples.

    Least squares within each sample, over all levels of the option and all seeds. A score that does not depend on the
    option has slope 0; 10 % in a decade are a slope of .041. By its definition ``mrd.in`` has slope 1 in sigma and
    ``mrd.out`` 2, as long as the lowest order dominates; rounding flattens the slope at small sigma, higher orders
    steepen it at large ones.

    The interval is that of `fairforget.stats.crossed`: seeds and samples are both random. It needs three seeds that
    are at every level.

    Figure: ``readings``, a row for each part and for the difficulty of `of` and of `beside`: ``difficulty`` (as asked
    for), ``part``, ``slope`` with ``low`` and ``high``, ``samples``, ``seeds``, ``problem``, and ``levels``: ``level``,
    ``median`` score, ``local_slope`` to the next level, ``rank_correlation`` with the next level, of the means over
    seeds. ``derived``, ``tolerance`` and ``agrees``: whether the whole interval is within the tolerance of `derived`.
    """

    unit = "seeds"
    fewest_groups = FEWEST_GROUPS
    of: Annotated[Meant, "difficulty whose score sets are meant, with options that tell it from others"]
    beside: Annotated[tuple[Meant, ...], "other difficulties, for the figure alone"] = ()
    by: Annotated[str, "option of the difficulties, a number above 0"] = "sigma"
    part: Annotated[str | None, "of the claim; null = the first"] = None
    derived: Annotated[float | None, "slope by derivation, for the figure"] = None
    tolerance: Annotated[float, "how far from it the slope may be, for the figure"] = 0.05

    @np.errstate(all="ignore")  # what overflows is not finite, and has no interval
    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:  # noqa: ARG002 - draws nothing
        """Return the effect on one target; unknown with less than three seeds or two levels."""
        try:
            found = _table(part_of(evidence, self.part), self.of, self.by)
        except Unusable as why:
            return Effect.unknown(str(why), unit=self.unit)
        if (count := len(found.seeds)) < FEWEST_SEEDS:
            return Effect.unknown(f"{count} seeds; at least {FEWEST_SEEDS} tell an error", count, self.unit)
        span = slope(found)
        if span is None:
            return Effect.unknown("too few samples", count, self.unit)
        agrees = None
        if self.derived is not None:
            agrees = self.derived - self.tolerance < span.low and span.high < self.derived + self.tolerance
        figure = {
            "readings": [_row(name, p, what, self.by) for name, p in evidence.parts.items() for what in self._all()],
            "derived": self.derived,
            "tolerance": self.tolerance,
            "agrees": agrees,
        }
        problem = joined_notes(found)
        return Effect(span.value, span.low, span.high, count, self.unit, problem=problem, figure=figure)

    def planned(self, design: Design) -> int | None:
        """Return the seeds, the fewest of a difficulty that is meant."""
        return seeds_planned(design, self.of)

    def _all(self) -> tuple[Meant, ...]:
        return (self.of, *self.beside)


def slope(found: Table) -> Span | None:
    """Return the mean over samples of the slope of log score on log level, with its interval."""
    x = np.log(found.levels)
    x -= x.mean()
    by_seed = np.einsum("l,lrn->rn", x / (x @ x), np.log(found.values))
    seeds = len(by_seed)
    whole = by_seed.mean(0)
    left = (by_seed.sum(0) - by_seed) / (seeds - 1)
    source = LeftOut(left.mean(1), without_groups(left, found.groups))
    return crossed_interval(float(whole.mean()), without_groups(whole, found.groups), [source])


def _table(part: Part, what: Meant, by: str) -> Table:
    found = table(meant(part, what), by, positive=True)
    if len(found.levels) < 2 or found.levels[0] <= 0:
        raise Unusable(f"a slope takes two values of {by} above 0, not {', '.join(f'{v:g}' for v in found.levels)}")
    return found


def _row(name: str, part: Part, what: Meant, by: str) -> Mapping[str, Any]:
    asked = dict(what) if isinstance(what, Mapping) else {"name": what}
    empty: dict[str, Any] = {"slope": None, "low": None, "high": None, "samples": 0, "seeds": 0, "levels": []}
    try:
        found = _table(part, what, by)
    except Unusable as why:
        return {"difficulty": asked, "part": name, **empty, "problem": str(why)}
    span = slope(found) if len(found.seeds) >= FEWEST_SEEDS else None
    known = {} if span is None else {"slope": span.value, "low": span.low, "high": span.high}
    shape = {"samples": len(found.ids), "seeds": len(found.seeds), "levels": _levels(found)}
    return {"difficulty": asked, "part": name, **empty, **known, **shape, "problem": joined_notes(found)}


def _levels(found: Table) -> list[dict[str, Any]]:
    means = found.values.mean(1)
    rows: list[dict[str, Any]] = []
    for i, level in enumerate(found.levels):
        last = i + 1 == len(found.levels)
        step = None if last else float(np.log(found.levels[i + 1] / level))
        local = None if step is None else float(np.log(found.values[i + 1] / found.values[i]).mean()) / step
        ranks = None if last else spearman(means[i], means[i + 1])
        rows.append(
            {"level": level, "median": float(np.median(means[i])), "local_slope": local, "rank_correlation": ranks}
        )
    return rows
