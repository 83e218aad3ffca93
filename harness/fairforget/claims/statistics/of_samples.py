"""What statistics over single samples have in common: their controls, what they leave out, and how they tell it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.joined import LONGER, Joined, Row, joined
from fairforget.claims.statistics.left_out import MOST_LEFT_OUT
from fairforget.claims.statistics.options import Kept
from fairforget.claims.statistics.score_sets import Meant, Unusable
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.association import shares_below
from fairforget.stats.cluster_bootstrap import FEWEST_CLUSTERS, Resampled

Outcome = Annotated[
    Meant,
    "updates or forward-equivalents until the goal, completeness, utility, a column of the cells, or a difficulty",
]
Scale = Literal["raw", "log", "rank"]
Beside = Annotated[tuple[Meant, ...], "what is held fixed: difficulties, or covariates of the forget sets"]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A row with what is known of its units; those of which something is not known are left out."""

    row: Row
    there: np.ndarray
    """(units,) bool: which of the units these are."""
    scores: np.ndarray
    """(seeds, n) of the score, by seed of its draws."""
    beside: np.ndarray
    """(k, n) of what is held fixed."""
    outcome: np.ndarray
    """(n,) over the runs, for ranks: see `fairforget.claims.statistics.joined.Row.whole`."""

    @property
    def score(self) -> np.ndarray:
        """The mean over seeds, (n,)."""
        mean: np.ndarray = self.scores.mean(axis=0)
        return mean

    @property
    def cut(self) -> float:
        """The share of runs that the budget ended."""
        return float((self.row.censored[self.there] == LONGER).mean())


@dataclass(frozen=True, kw_only=True)
class OfSamples(Statistic):
    """A statistic of a score and an outcome of single samples, or of forget sets of a few."""

    only: Kept = field(default_factory=dict)
    shuffled: Annotated[bool, "whether the score is permuted over the samples: a control in which nothing is left"] = (
        False
    )
    constant: Annotated[bool, "whether the score is the same for all samples: a control without an effect"] = False

    unit: ClassVar[str] = "samples"
    fewest_groups: ClassVar[int] = FEWEST_CLUSTERS

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the effect on one target; unknown where the evidence has not what it takes."""
        try:
            return self.effect(evidence, rng)
        except Unusable as why:
            return Effect.unknown(str(why), unit=self.unit)

    @abstractmethod
    def effect(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return `estimate`.

        Raises:
            Unusable: the evidence has not what it takes.
        """

    def known(
        self, evidence: Evidence, rng: np.random.Generator, score: Meant, outcome: Meant, beside: Sequence[Meant] = ()
    ) -> tuple[Joined, list[Known], list[str]]:
        """Return the units, the rows with their numbers, and what was left out of them.

        Raises:
            Unusable: something is not there at all, or the outcomes of more than a tenth of the units.
        """
        whole = joined(evidence, outcome, self.only)
        order = rng.permutation(len(whole.units))
        found, lacking, asked = [], 0, 0
        for row in whole.rows:
            scores = whole.scored(row, score)
            if self.shuffled:
                scores = scores[:, order]
            if self.constant:
                scores = np.zeros_like(scores)
            fixed = np.array([whole.score(row, what) for what in beside]).reshape(len(beside), len(whole.units))
            reached = row.whole()
            if (lost := (np.isnan(reached) & row.asked).sum()) > MOST_LEFT_OUT * row.asked.sum():
                text = f"{row.label}: {lost} of {row.asked.sum()} have no outcome, or not in all their runs"
                raise Unusable(f"{text}; what is left does not speak for all")
            there = ~np.isnan(scores).any(axis=0) & ~np.isnan(fixed).any(axis=0) & ~np.isnan(reached)
            asked, lacking = asked + int(row.asked.sum()), lacking + int((row.asked & ~there).sum())
            found.append(Known(row, there, scores[:, there], fixed[:, there], reached[there]))
        notes = list(whole.notes)
        if lacking:
            notes.append(f"{lacking} of {asked} outcomes without a score, a covariate or a run")
        return whole, found, notes


def scaled(known: Known, scale: Scale) -> np.ndarray:
    """Return the outcome on a scale, (n,).

    Raises:
        Unusable: the scale has no place for it.
    """
    y = known.outcome
    if scale == "rank":
        # Of standard deviation 1 where no two are equal.
        ranks: np.ndarray = (shares_below(y) - 0.5) * 12**0.5
        return ranks
    if np.isinf(y).any():
        text = f"{known.row.label}: the budget ended runs of {np.isinf(y).sum()} of {len(y)}, which are only known"
        raise Unusable(f"{text} to be longer; write scale: rank")
    if scale == "log" and (y <= 0).any():
        raise Unusable(f"{known.row.label}: an outcome of 0 or less has no logarithm; write scale: rank")
    return np.log(y) if scale == "log" else y


def told(
    found: Resampled, whole: Joined, notes: Sequence[str], figure: dict[str, Any], nothing: str = "nothing varies"
) -> Effect:
    """Return the effect of a bootstrapped statistic.

    Args:
        found: value and interval.
        whole: what it is of.
        notes: what was left out.
        figure: of the effect.
        nothing: why there is no value, where there is none.
    """
    why = list(notes)
    if np.isnan(found.value):
        return Effect.unknown("; ".join([nothing, *why]), found.clusters, whole.counted)
    if np.isnan(found.low):
        few = found.clusters < FEWEST_CLUSTERS
        reason = f"{found.clusters} {whole.counted} are too few; {FEWEST_CLUSTERS} are needed"
        return Effect.unknown(
            "; ".join([reason if few else "too many resamples have no value", *why]), found.clusters, whole.counted
        )
    if found.lost:
        why.append(f"{found.lost} resamples have no value")
    problem = "; ".join(why) or None
    return Effect(found.value, found.low, found.high, found.clusters, whole.counted, problem=problem, figure=figure)


def cut_note(rows: Sequence[Known], counted_as: str) -> list[str]:
    """Return how many runs the budget ended, in words; nothing where it ended none."""
    runs = [run for known in rows for run in known.row.censored[known.there].ravel()]
    cut = sum(run == LONGER for run in runs)
    return [f"{cut} of {len(runs)} runs ended with the budget and {counted_as}"] if cut else []


def named(what: Meant) -> str:
    """Return a quantity in words."""
    if isinstance(what, str):
        return what
    options = ", ".join(f"{key} = {value}" for key, value in what.items() if key != "name")
    return f"{what.get('name')} ({options})" if options else str(what.get("name"))


def shown(unit: Sequence[str]) -> str:
    """Return the name of a unit for a figure."""
    return unit[0] if len(unit) == 1 else f"{unit[0]} and {len(unit) - 1} more"
