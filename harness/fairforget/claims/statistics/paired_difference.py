"""Whether one side is better than another on the same forget sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np

from fairforget.claims.statistics.base import Design, Statistic
from fairforget.claims.statistics.cells import cells_of
from fairforget.claims.statistics.measures import At, measure
from fairforget.claims.statistics.options import First, Kept, Of, Second, no_pair, noted, why_not
from fairforget.claims.statistics.pairs import Differences, check_sides, differences, planned_sets
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.strata import standardised_mean


@dataclass(frozen=True, kw_only=True)
class PairedDifference(Statistic):
    """Mean of first − second over forget sets, with Student's t-interval.

    The two sides are named by facets: ``first: {curriculum: mrd-weighted}`` and ``second: {curriculum: uniform}``
    compare every method with itself. Seeds, and methods where there are several, are averaged within the set, so the
    interval speaks for new forget sets and for these methods. Sides of two strata or parts are paired by the index of
    the set. Strata count alike, and sets that share samples widen the interval (`fairforget.stats.strata`).

    Figure: ``sets`` (name, difference), ``pairs`` (name, mean over sets).
    """

    first: First
    second: Second
    of: Of = "completeness"
    at: Annotated[At, "where utility is read: at the end, or where completeness reaches the budget's goal"] = "end"
    only: Kept = field(default_factory=dict)

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        check_sides(self.first, self.second)
        measure(self.of, self.at)

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:  # noqa: ARG002 - nothing is resampled
        """Return the mean difference, in the unit of the outcome."""
        worth = measure(self.of, self.at)
        found = differences(
            cells_of(evidence, self.only, self.first, self.second),
            self.first,
            self.second,
            lambda one, other: worth(one) - worth(other),
        )
        return mean_effect(found)

    def planned(self, design: Design) -> int:
        """Return the forget sets, pairs of them where two strata are compared."""
        return planned_sets(design, self.first)


def mean_effect(found: Differences, needs: str = "") -> Effect:
    """Return the mean over forget sets of what two sides differ by; strata count alike.

    Args:
        found: the differences.
        needs: see `fairforget.claims.statistics.options.why_not`.
    """
    if not found.pairs:
        return no_pair(found.single)
    means = found.means()
    n = sum(len(stratum) for stratum in means)
    lacking = why_not(found.left_out, n, needs=needs) or why_not(found.left_out, min(map(len, means)))
    if lacking is not None:
        return lacking
    told = standardised_mean(means, [1.0] * len(means), overlap=found.overlap)
    if told is None or told.low is None or told.high is None:
        return Effect.unknown("all forget sets are one and the same", n, found.left_out.unit)
    named = [name for stratum in found.sets for name in stratum]
    return Effect(
        told.mean,
        told.low,
        told.high,
        n,
        found.left_out.unit,
        problem=noted(found.left_out, found.single),
        figure={
            "sets": [[name, float(d)] for name, d in zip(named, np.concatenate(means), strict=True)],
            "pairs": [[name, float(d)] for name, d in zip(found.pairs, _of_pairs(found), strict=True)],
        },
    )


def _of_pairs(found: Differences) -> np.ndarray:
    """Return the mean of each pair, strata counting alike, (pairs,)."""
    by_stratum = np.stack([values.mean(axis=(1, 2)) for values in found.values])
    means: np.ndarray = by_stratum.mean(axis=0)
    return means
