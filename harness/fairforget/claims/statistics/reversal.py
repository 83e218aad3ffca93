"""How often a forget set turns the order of two rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Final, Literal

import numpy as np

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.cells import Side, cells_of
from fairforget.claims.statistics.measures import At, measure
from fairforget.claims.statistics.options import First, Kept, Of, no_pair, noted, why_not
from fairforget.claims.statistics.pairs import check_sides, differences
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.reversal import Parts, modelled, observed_reversals
from fairforget.stats.reversal_interval import Pivots, intervals_of

UNIDENTIFIED: Final = (
    "the two differ neither on average nor from set to set by more than seeds do: any probability up to a half agrees "
    "with that"
)


@dataclass(frozen=True, kw_only=True)
class Reversal(Statistic):
    """Probability that a new forget set contradicts the order of two rows.

    ``true`` is that of the forget sets themselves, seeds taken out: Φ(−|Δ| / τ) with the interval of generalised pivots
    (`fairforget.stats.reversal_interval`). It takes two seeds. ``observed`` is what is seen of it with as many seeds,
    which noise inflates. Sets of several strata count alike.

    Where neither Δ nor τ is told from 0, ``true`` is 0 / 0: every probability from 0 to one half agrees with what was
    seen, and the effect is unknown. Two rows that are one method would else be estimated at 0 or near one half as
    noise has it, and the mean over several targets would lie far from 0, mostly with all of its interval.

    Without `second` it is the null control: the row of `first` against itself, the earlier half of its seeds against
    the later. Nothing can turn there but by noise, and the noise of seeds is told from the halves themselves; it
    takes three. It is to be unknown as a rule.

    Figure: ``sets`` (name, difference), ``seen`` (count, n, ties, Clopper–Pearson low and high), ``delta`` =
    mean difference, ``tau`` and ``noise`` (standard deviations), ``true`` and ``observed`` (value, low, high).
    """

    first: First
    second: Annotated[Side | None, "the same facets of the other row; null = the control, first against itself"] = None
    of: Of = "completeness"
    at: Annotated[At, "where utility is read: at the end, or where completeness reaches the budget's goal"] = "end"
    which: Annotated[Literal["true", "observed"], "of the sets themselves, or as seeds show it"] = "true"
    only: Kept = field(default_factory=dict)

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        if self.second is not None:
            check_sides(self.first, self.second)
        measure(self.of, self.at)

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the probability, between 0 and 1; about one half at most where nobody leads."""
        worth = measure(self.of, self.at)
        two = self.second is not None
        found = differences(
            cells_of(evidence, self.only, self.first, self.second or {}),
            self.first,
            self.first if self.second is None else self.second,
            (lambda one, other: worth(one) - worth(other)) if two else (lambda one, _: worth(one)),
        )
        if not found.pairs:
            return no_pair(found.single)
        if len(found.pairs) > 1:
            return Effect.unknown(f"the sides have several rows in common: {', '.join(found.pairs)}")
        strata = [values[0] for values in found.values]
        n = sum(map(len, strata))
        lacking = why_not(found.left_out, min(map(len, strata)))
        if lacking is not None:
            return lacking
        if (seeds := strata[0].shape[1]) < (2 if two else 3):
            needed = "two" if two else "three"
            return Effect.unknown(
                f"{seeds} {'seed' if seeds == 1 else 'seeds'} cannot tell sets from noise; {needed} are needed", n
            )
        weights = [1.0] * len(strata)
        parts = Parts.of(strata, weights) if two else halves(strata)
        if parts is None or not (parts.between_ss > 0 or parts.within_ss > 0):
            return Effect.unknown("the two never differ from set to set, nor from seed to seed", n)
        model, spans = modelled(parts, weights), intervals_of(parts, Pivots(rng), level=0.95)
        if model.true is None or spans is None or spans.true is None:  # two seeds and three sets have both
            return Effect.unknown("sets cannot be told from noise", n)
        value, (low, high) = (model.true, spans.true) if self.which == "true" else (model.observed, spans.observed)
        means = [values.mean(axis=1) if two else _apart(values) for values in strata]
        seen = observed_reversals(means, weights)
        named = [name for stratum in found.sets for name in stratum]
        figure = {
            "sets": [[name, float(d)] for name, d in zip(named, np.concatenate(means), strict=True)],
            "seen": None if seen is None else [seen.count, seen.n, seen.ties, seen.low, seen.high],
            "delta": model.delta,
            "tau": model.tau,
            "noise": model.noise,
            "true": [model.true, *spans.true],
            "observed": [model.observed, *spans.observed],
        }
        if self.which == "true" and low <= 0 and high >= 0.5:
            return replace(Effect.unknown(UNIDENTIFIED, n), figure=figure)
        problem = noted(found.left_out, found.single)
        return Effect(value, min(low, value), max(high, value), n, problem=problem, figure=figure)


def halves(strata: Sequence[np.ndarray]) -> Parts:
    """Return the parts of the normal model of one row's seeds against its other seeds.

    Args:
        strata: (sets, seeds) each, without gaps, at least three seeds; the first half has the odd one more.
    """
    seeds = strata[0].shape[1]
    later = seeds // 2
    apart = [_apart(values) for values in strata]
    within = sum(
        float(((half - half.mean(axis=1, keepdims=True)) ** 2).sum())
        for values in strata
        for half in (values[:, : seeds - later], values[:, seeds - later :])
    )
    # A difference of two means has the variance σ² (1/a + 1/b); the model takes it for that of a mean over `seeds`.
    of_difference = (1 / (seeds - later) + 1 / later) * seeds
    sets = np.array([len(values) for values in strata])
    return Parts(
        means=np.array([d.mean() for d in apart]),
        weights=np.full(len(strata), 1 / len(strata)),
        draws=sets,
        seeds=seeds,
        between_ss=float(sum(((d - d.mean()) ** 2).sum() for d in apart)),
        between_df=int(sets.sum()) - len(strata),
        within_ss=within * of_difference,
        within_df=int(sets.sum()) * (seeds - 2),
    )


def _apart(values: np.ndarray) -> np.ndarray:
    """Return the mean of the earlier seeds less that of the later, (sets,)."""
    later = values.shape[1] // 2
    found: np.ndarray = values[:, : values.shape[1] - later].mean(axis=1) - values[:, values.shape[1] - later :].mean(
        axis=1
    )
    return found
