"""What a score says of an outcome that simpler scores do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.claims.statistics.of_samples import Beside, Known, OfSamples, Outcome, cut_note, named, told
from fairforget.claims.statistics.score_sets import Meant, Unusable
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.cluster_bootstrap import RESAMPLES, Resampled, Weighted, cluster_bootstrap
from fairforget.stats.weighted_ranks import Ranked, rank_covariance, without


@dataclass(frozen=True, kw_only=True)
class AddedR2(OfSamples):
    r"""Share of the variance of outcome ranks that a score explains beyond simpler scores, ΔR², with its direction.

    In a regression on ranks ΔR² is the square of the semipartial correlation s of score and outcome, the score freed of
    `over`. A square is never negative: its null is above 0 by 1 / n, and an interval of it never reaches 0. So the
    effect is s̄ |s̄|, s̄ being the mean of s over rows, positive where a higher score goes with the outcome that
    `direction` says. Without anything to add it is 0 on average, with a symmetric scatter, and 0 is inside its interval
    as often as the level says: the interval is that of s̄ (`fairforget.stats.cluster_bootstrap`), squared end by end.

    Runs that the budget ended share the top rank.

    Figure: ``score``, ``outcome`` and ``over`` in words, ``direction``, and ``rows``: ``row``, ``n``, ``r2`` of the
    simpler scores, ``added`` = ΔR² without direction, ``adjusted`` = the difference of both R² adjusted for the number
    of regressors (Ezekiel 1930), ``semipartial``, and ``censored`` share of its runs.
    """

    score: Annotated[Meant, "difficulty or covariate of the samples, as a name or with the options that tell it"]
    over: Annotated[Beside, Field(min_length=1)] = ("length", "loss", "grad-norm", "frequency")
    outcome: Outcome = "updates"
    direction: Annotated[
        Literal["lower", "higher"], "what a higher score should go with: a lower or higher outcome"
    ] = "lower"
    resamples: Annotated[int, "of the bootstrap", Field(ge=100, le=100_000)] = RESAMPLES

    def effect(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the signed ΔR²."""
        whole, rows, notes = self.known(evidence, rng, self.score, self.outcome, self.over)
        chosen = [known for known in rows if not np.isnan(_semipartial(known)(_ones(known))[0])]
        if not chosen:
            raise Unusable(f"{named(self.score)}, freed of the others, or {named(self.outcome)} does not vary")
        if len(chosen) < len(rows):
            notes.append(f"rows in which nothing varies: {', '.join(k.row.label for k in rows if k not in chosen)}")
        parts, sign = [_semipartial(known) for known in chosen], -1 if self.direction == "lower" else 1
        found = cluster_bootstrap(
            lambda weights: sign * np.mean([part(weights) for part in parts], axis=0),
            whole.clusters,
            rng,
            self.resamples,
        )
        value, low, high = (s * abs(s) for s in (found.value, found.low, found.high))
        squared = Resampled(value, low, high, found.clusters, found.lost)
        figure = {
            "score": named(self.score),
            "outcome": named(self.outcome),
            "over": [named(what) for what in self.over],
            "direction": self.direction,
            "rows": [_told(known) for known in chosen],
        }
        return told(squared, whole, [*notes, *cut_note(chosen, "share the top rank")], figure)


def _covariances(known: Known, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariance of the ranks of score, outcome and the others; and of the two, freed of the others."""
    columns = [Ranked(values) for values in (known.score, known.outcome, *known.beside)]
    covariance = rank_covariance(columns, weights[:, known.there])
    return covariance, without(covariance, 2)


def _semipartial(known: Known) -> Weighted:
    def semipartial(weights: np.ndarray) -> np.ndarray:
        raw, free = _covariances(known, weights)
        there = (free[:, 0, 0] > 1e-9 * raw[:, 0, 0]) & (raw[:, 1, 1] > 0)
        spread = np.sqrt(np.where(there, free[:, 0, 0] * raw[:, 1, 1], 1.0))
        return np.where(there, free[:, 0, 1] / spread, np.nan)

    return semipartial


def _told(known: Known) -> dict[str, Any]:
    raw, free = _covariances(known, _ones(known))
    n, others = int(known.there.sum()), len(known.beside)
    base = 1 - float(free[0, 1, 1] / raw[0, 1, 1])
    semipartial = float(_semipartial(known)(_ones(known))[0])
    added = semipartial**2
    left = n - others - 2
    adjusted = (1 - base) * (n - 1) / (left + 1) - (1 - base - added) * (n - 1) / left if left > 0 else None
    return {
        "row": known.row.label,
        "n": n,
        "r2": base,
        "added": added,
        "adjusted": adjusted,
        "semipartial": semipartial,
        "censored": known.cut,
    }


def _ones(known: Known) -> np.ndarray:
    return np.ones((1, len(known.there)))
