"""How far samples that are high in an attribute are from those that are low in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.claims.statistics.of_samples import Known, OfSamples, Outcome, Scale, cut_note, named, scaled, told
from fairforget.claims.statistics.score_sets import Meant, Unusable
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.cluster_bootstrap import RESAMPLES, cluster_bootstrap
from fairforget.stats.stratified_difference import StratifiedDifference, strata_of

Split = Literal["upper-quartile", "mean", "median", "thirds", "above"]


@dataclass(frozen=True, kw_only=True)
class GroupDifference(OfSamples):
    """Hedges' g of an outcome between samples high and low in an attribute, within strata of what is matched.

    How arXiv 2504.06658 forms its groups: ``upper-quartile`` (at or above it, for complexity), ``mean`` (at or above
    it, for frequency and initial probability), ``above`` a threshold (rare words, more than 3). ``median`` (at or above
    it) and ``thirds`` (the upper against the lower, the middle left out) are there because the mean of a skewed count
    calls most samples low. Groups and strata are those of the whole pool; resampling leaves them as they are.

    The difference is that of `fairforget.stats.stratified_difference`, the mean over rows, and its interval that of
    `fairforget.stats.cluster_bootstrap`.

    Figure: ``attribute``, ``outcome``, ``match`` in words, ``split``, ``scale``, and ``rows``: ``row``, ``n``,
    ``threshold``, ``high`` and ``low`` (``n``, ``mean``, ``sd`` on the scale), ``g``, ``unmatched`` = g without strata,
    ``strata`` (samples low and high in each), and ``values``: attribute, outcome, whether high, of each sample.
    """

    attribute: Annotated[
        tuple[Meant, ...], "difficulties or covariates of the samples; of several, the mean of their z-scores",
        Field(min_length=1),
    ]  # fmt: skip
    outcome: Annotated[Outcome, "what is compared, most often a difficulty: mrd"]
    split: Annotated[Split, "which samples are high and which are low"] = "median"
    threshold: Annotated[float | None, "above which a sample is high, for split: above"] = None
    match: Annotated[Meant | None, "what the groups are made alike in; null = nothing"] = "length"
    bins: Annotated[int, "quantile bins of what is matched", Field(ge=2, le=100)] = 5
    scale: Annotated[Scale, "on which the outcome is compared"] = "raw"
    resamples: Annotated[int, "of the bootstrap", Field(ge=100, le=100_000)] = RESAMPLES

    def __post_init__(self) -> None:
        if (self.split == "above") != (self.threshold is not None):
            msg = "threshold goes with split: above, and with no other"
            raise ValueError(msg)

    def effect(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the mean difference."""
        first, *others = self.attribute
        beside = [*others, *([] if self.match is None else [self.match])]
        # What a control does is done to the groups: an attribute may be several scores.
        as_it_is = replace(self, shuffled=False, constant=False)
        whole, rows, notes = as_it_is.known(evidence, rng, first, self.outcome, beside)
        order = rng.permutation(len(whole.units))
        grouped = [self._grouped(known, len(others), order) for known in rows]
        middle = sum(int((known.there & ~row.used).sum()) for known, row in zip(rows, grouped, strict=True))
        if middle:
            notes.append(f"{middle} outcomes of samples neither high nor low")
        if lost := sum(row.alone for row in grouped):
            notes.append(f"{lost} outcomes in strata with one of the groups only")
        found = cluster_bootstrap(
            lambda weights: np.mean([row.strata.hedges_g(weights[:, row.used]) for row in grouped], axis=0),
            whole.clusters,
            rng,
            self.resamples,
        )
        figure = {
            "attribute": [named(what) for what in self.attribute],
            "outcome": named(self.outcome),
            "match": None if self.match is None else named(self.match),
            "split": self.split,
            "scale": self.scale,
            "rows": [row.told() for row in grouped],
        }
        nothing = f"{named(self.outcome)} does not vary, or no stratum has both groups"
        return told(found, whole, [*notes, *cut_note(rows, "share the top rank")], figure, nothing)

    def _grouped(self, known: Known, others: int, order: np.ndarray) -> _Grouped:
        attributes = np.stack([known.score, *known.beside[:others]])
        value = _standard(attributes) if others else attributes[0]
        if not len(value):
            raise Unusable(f"{known.row.label}: no sample has an attribute and an outcome")
        low_end, high_end = self._ends(value)
        strict = self.split == "above"
        high = value > high_end if strict else value >= high_end
        used = high | (value <= low_end if self.split == "thirds" else ~high)
        if self.shuffled:
            rank = np.argsort(np.argsort(order[known.there]))
            high, used, value = high[rank], used[rank], value[rank]
        if self.constant:
            high = np.zeros_like(high)
        strata = np.zeros(len(value), dtype=np.int64) if self.match is None else strata_of(known.beside[-1], self.bins)
        place = known.there.copy()
        place[np.flatnonzero(known.there)[~used]] = False
        y = scaled(known, self.scale)[used]
        return _Grouped(known, place, value[used], y, high[used], strata[used], high_end)

    def _ends(self, value: np.ndarray) -> tuple[float, float]:
        if self.threshold is not None:
            return self.threshold, self.threshold
        if self.split == "thirds":
            lower, upper = np.quantile(value, [1 / 3, 2 / 3])
            return float(lower), float(upper)
        at = {"upper-quartile": np.quantile(value, 0.75), "mean": value.mean(), "median": np.median(value)}[self.split]
        return float(at), float(at)


@dataclass(frozen=True, eq=False)
class _Grouped:
    known: Known
    used: np.ndarray
    """(units,) bool."""
    attribute: np.ndarray
    outcome: np.ndarray
    high: np.ndarray
    strata_at: np.ndarray
    threshold: float

    @property
    def strata(self) -> StratifiedDifference:
        return StratifiedDifference(self.outcome, self.high, self.strata_at)

    @property
    def alone(self) -> int:
        """Samples of strata that have one of the groups only."""
        counts = self.strata.counts()
        return int(counts[(counts == 0).any(axis=1)].sum())

    def told(self) -> dict[str, Any]:
        ones = np.ones((1, len(self.outcome)))
        plain = StratifiedDifference(self.outcome, self.high, np.zeros(len(self.high), dtype=np.int64))
        return {
            "row": self.known.row.label,
            "n": len(self.outcome),
            "threshold": self.threshold,
            "high": _group(self.outcome[self.high]),
            "low": _group(self.outcome[~self.high]),
            "g": _number(self.strata.hedges_g(ones)[0]),
            "unmatched": _number(plain.hedges_g(ones)[0]),
            "strata": self.strata.counts().tolist(),
            "values": [
                [float(a), float(y), bool(h)] for a, y, h in zip(self.attribute, self.outcome, self.high, strict=True)
            ],
        }


def _standard(attributes: np.ndarray) -> np.ndarray:
    """Return the mean of z-scores, (n,); an attribute that does not vary counts for nothing."""
    spread = attributes.std(axis=1, keepdims=True)
    away = attributes - attributes.mean(axis=1, keepdims=True)
    mean: np.ndarray = np.divide(away, spread, out=np.zeros_like(away), where=spread > 0).mean(axis=0)
    return mean


def _group(values: np.ndarray) -> dict[str, Any]:
    mean = float(values.mean()) if len(values) else None
    return {"n": len(values), "mean": mean, "sd": float(values.std(ddof=1)) if len(values) > 1 else None}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
