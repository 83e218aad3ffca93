"""How an outcome changes with a score at equal others, forget sets being random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from fairforget.claims.statistics.of_samples import (
    Beside,
    Known,
    OfSamples,
    Outcome,
    Scale,
    cut_note,
    named,
    scaled,
    told,
)
from fairforget.claims.statistics.score_sets import Meant, Unusable
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.cluster_bootstrap import RESAMPLES, cluster_bootstrap
from fairforget.stats.random_intercept import RandomIntercept, random_intercept


@dataclass(frozen=True, kw_only=True)
class MixedSlope(OfSamples):
    r"""Slope of an outcome on a score, in a linear mixed model over all rows.

    .. math:: y_{rf} = \alpha_r + \beta x_f + \gamma^\top z_f + u_c + \varepsilon_{rf}

    with an intercept of its own for every row r, the score x and what is beside it in standard deviations, and a random
    intercept u for every forget set, or for every group of them where forget sets share a group; runs are averaged
    before. By restricted maximum likelihood (`fairforget.stats.random_intercept`). The effect is β, in units of the
    outcome on its scale for one standard deviation of the score; on the scale ``rank``, in which runs that the budget
    ended share the top, in standard deviations of a uniform rank.

    The interval is that of `fairforget.stats.cluster_bootstrap` over sets or groups, with the ratio of variances as
    fitted: it asks for no normal intercepts and no equal slopes.

    Figure: ``score``, ``outcome``, ``beside`` in words, ``scale``, ``slopes`` (name, slope, model's standard error) of
    the score and of what is beside it, ``between`` and ``within`` = variances of set and residual, ``rows`` (names),
    and ``points``: score in standard deviations and outcome freed of row and of what is beside the score.
    """

    score: Annotated[Meant, "difficulty or covariate of the samples, as a name or with the options that tell it"]
    outcome: Outcome = "updates"
    beside: Beside = ()
    scale: Annotated[Scale, "of the outcome"] = "log"
    resamples: Annotated[int, "of the bootstrap", Field(ge=100, le=100_000)] = RESAMPLES

    def effect(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the slope."""
        whole, rows, notes = self.known(evidence, rng, self.score, self.outcome, self.beside)
        rows = [known for known in rows if known.there.any()]
        y, x, names = self._observed(rows)
        where = np.concatenate([np.flatnonzero(known.there) for known in rows]) if rows else np.zeros(0, dtype=int)
        model = random_intercept(y, x, whole.clusters[where]) if len(y) else None
        if model is None:
            why = "one of them does not vary, or follows from the others"
            raise Unusable(f"{named(self.score)} and {named(self.outcome)} give no slope: {why}")
        used = np.unique(whole.clusters[where])
        first = np.array([np.flatnonzero(whole.clusters == cluster)[0] for cluster in range(len(model.gram))])
        at = len(rows)
        found = cluster_bootstrap(
            lambda weights: model.weighted(weights[:, first])[:, at],
            np.where(np.isin(whole.clusters, used), whole.clusters, used[0]),
            rng,
            self.resamples,
        )
        figure = {
            "score": named(self.score),
            "outcome": named(self.outcome),
            "beside": [named(what) for what in self.beside],
            "scale": self.scale,
            "slopes": [
                [name, float(slope), float(error)]
                for name, slope, error in zip(names, model.coefficients[at:], model.errors[at:], strict=True)
            ],
            "between": model.ratio * model.residual,
            "within": model.residual,
            "rows": [known.row.label for known in rows],
            "points": _points(y, x, model, at),
        }
        return told(found, whole, [*notes, *cut_note(rows, "share the top rank")], figure)

    def _observed(self, rows: Sequence[Known]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Return outcomes (n,), and the regressors (n, rows + 1 + beside): row, score, beside."""
        if not rows:
            return np.zeros(0), np.zeros((0, 1)), []
        y = np.concatenate([scaled(known, self.scale) for known in rows])
        row = np.repeat(np.arange(len(rows)), [len(known.outcome) for known in rows])
        numbers = np.concatenate([np.stack([known.score, *known.beside]) for known in rows], axis=1)
        away = numbers - numbers.mean(axis=1, keepdims=True)
        spread = away.std(axis=1, keepdims=True)
        standard = np.divide(away, spread, out=np.zeros_like(away), where=spread > 1e-12 * np.abs(numbers).max())
        x = np.concatenate([row[:, None] == np.arange(len(rows)), standard.T], axis=1).astype(np.float64)
        return y, x, [named(self.score), *map(named, self.beside)]


def _points(y: np.ndarray, x: np.ndarray, model: RandomIntercept, at: int) -> list[list[Any]]:
    """Return score and outcome, the outcome freed of everything but the score."""
    others = np.delete(np.arange(x.shape[1]), at)
    freed = y - x[:, others] @ model.coefficients[others]
    return [[float(a), float(b)] for a, b in zip(x[:, at], freed, strict=True)]
