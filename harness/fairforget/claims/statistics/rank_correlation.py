"""Whether a score goes with an outcome, by ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from fairforget.claims.statistics.joined import Unit
from fairforget.claims.statistics.of_samples import Beside, Known, OfSamples, Outcome, cut_note, named, shown, told
from fairforget.claims.statistics.score_sets import Meant, Unusable
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.cluster_bootstrap import RESAMPLES, Weighted, cluster_bootstrap
from fairforget.stats.reliability import disattenuated, rank_reliability
from fairforget.stats.weighted_ranks import Ranked, correlation, rank_covariance, without


@dataclass(frozen=True, kw_only=True)
class RankCorrelation(OfSamples):
    r"""Spearman's correlation of a score with an outcome, the mean over rows.

    With `partial`, that of the residuals of ranks regressed on the ranks of what is held fixed (Kendall 1942, as
    generalised by least squares on ranks). Runs that the budget ended share the top rank: they took longer than any
    other. A row is a method under a curriculum in a part; one in which the outcome does not vary is left out, and told.

    The interval is that of `fairforget.stats.cluster_bootstrap`, over groups of samples where the samples have them.

    Figure: ``score``, ``outcome`` and ``partial`` in words, and ``rows``: ``row``, ``n``, ``raw`` and ``partial``
    correlation, ``censored`` share of its runs, ``score_reliability`` over the seeds of the score and
    ``outcome_reliability`` over those of the runs (None with one seed), ``corrected``: the raw correlation divided by
    the root of both, and ``points``: sample, score, outcome, whether the budget ended it.
    """

    score: Annotated[Meant, "difficulty or covariate of the samples, as a name or with the options that tell it"]
    outcome: Outcome = "updates"
    partial: Beside = ()
    resamples: Annotated[int, "of the bootstrap", Field(ge=100, le=100_000)] = RESAMPLES

    def effect(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the mean correlation."""
        whole, rows, notes = self.known(evidence, rng, self.score, self.outcome, self.partial)
        chosen = [known for known in rows if not np.isnan(_of(known)(np.ones((1, len(known.there))))[0])]
        if not chosen:
            raise Unusable(f"{named(self.score)} or {named(self.outcome)} does not vary")
        if len(chosen) < len(rows):
            still = [known.row.label for known in rows if known not in chosen]
            notes.append(f"rows in which nothing varies: {', '.join(still)}")
        parts = [_of(known) for known in chosen]
        found = cluster_bootstrap(
            lambda weights: np.mean([part(weights) for part in parts], axis=0), whole.clusters, rng, self.resamples
        )
        figure = {
            "score": named(self.score),
            "outcome": named(self.outcome),
            "partial": [named(what) for what in self.partial],
            "rows": [_told(known, whole.units) for known in chosen],
        }
        return told(found, whole, [*notes, *cut_note(chosen, "share the top rank")], figure)


def _of(known: Known, *, raw: bool = False) -> Weighted:
    """Return the correlation of a row as a function of weights of all units."""
    beside = [] if raw else list(known.beside)
    columns = [Ranked(values) for values in (known.score, known.outcome, *beside)]

    def rho(weights: np.ndarray) -> np.ndarray:
        covariance = rank_covariance(columns, weights[:, known.there])
        return correlation(without(covariance, 2), covariance)

    return rho


def _told(known: Known, units: Sequence[Unit]) -> dict[str, Any]:
    ones = np.ones((1, len(known.there)))
    raw = _number(_of(known, raw=True)(ones)[0])
    score, outcome = rank_reliability(known.scores), rank_reliability(known.row.ordered()[known.there].T)
    names = [shown(unit) for unit, there in zip(units, known.there, strict=True) if there]
    cut = np.isinf(known.outcome)
    at = np.where(cut, known.row.values[known.there].max(axis=1), known.outcome)
    return {
        "row": known.row.label,
        "n": int(known.there.sum()),
        "raw": raw,
        "partial": _number(_of(known)(ones)[0]),
        "censored": known.cut,
        "score_reliability": score,
        "outcome_reliability": outcome,
        "corrected": None if raw is None else disattenuated(raw, score, outcome),
        "points": [
            [name, float(x), float(y), bool(at_end)]
            for name, x, y, at_end in zip(names, known.score, at, cut, strict=True)
        ],
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
