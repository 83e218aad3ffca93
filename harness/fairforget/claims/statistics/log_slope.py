"""By what power an outcome falls or rises with a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import numpy as np
from pydantic import Field

from fairforget.claims.statistics.joined import LONGER, SEEN, Unit
from fairforget.claims.statistics.of_samples import Known, OfSamples, Outcome, cut_note, named, shown, told
from fairforget.claims.statistics.score_sets import Meant, Unusable
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.cluster_bootstrap import RESAMPLES, Weighted, cluster_bootstrap
from fairforget.stats.tobit import tobit

LEAST_RELIABLE: Final = 0.3
"""Share of truth in the variance of the log scores below which dividing by it says nothing."""


@dataclass(frozen=True, kw_only=True)
class LogSlope(OfSamples):
    r"""Slope of the logarithm of an outcome on the logarithm of a score, the mean over rows.

    A line with an intercept in every row, by maximum likelihood with normal errors (`fairforget.stats.tobit`): runs
    that the budget ended are known to be longer, those that had met the goal before the first update shorter. Without
    such runs it is least squares.

    A score that is itself an estimate flattens the line. With two or more seeds of the score the slope is divided by
    the reliability of its mean, the share of the variance between samples that is not that of the seeds (regression
    calibration; Carroll et al. 2006, Measurement Error in Nonlinear Models, chapter 4); with one seed it is told that
    it is not. The reduced major axis (sd of y / sd of x) would need no reliability, but is only right where the
    outcome scatters about the line as much as the score does, which nothing here makes so: its slope is never 0. It
    stands in the figure.

    The interval is that of `fairforget.stats.cluster_bootstrap`; every resample has its own reliability.

    Figure: ``score``, ``outcome``, and ``rows``: ``row``, ``n``, ``slope`` and ``intercept`` (of natural logarithms),
    ``reliability`` of the log scores (None with one seed), ``uncorrected`` slope, ``least_squares`` and
    ``reduced_major_axis`` of the runs that were not cut off, ``censored`` share, and ``points``: sample, score, outcome
    of each run, whether the budget ended it.
    """

    score: Annotated[Meant, "difficulty or covariate of the samples, as a name or with the options that tell it"]
    outcome: Outcome = "updates"
    resamples: Annotated[int, "of the bootstrap", Field(ge=100, le=100_000)] = RESAMPLES

    def effect(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the mean slope."""
        whole, rows, notes = self.known(evidence, rng, self.score, self.outcome)
        lines = [_positive(known) for known in rows]
        if lost := sum(len(known.outcome) for known in rows) - sum(len(line.outcome) for line in lines):
            notes.append(f"{lost} outcomes or scores of 0 or less, which have no logarithm")
        seeds = {len(known.scores) for known in lines}
        if seeds == {1}:
            notes.append(f"{named(self.score)} has one seed: the slope is not corrected for its noise")
        parts = [_slope(known) for known in lines]
        ones = np.ones((1, len(whole.units)))
        chosen = [i for i, part in enumerate(parts) if not np.isnan(part(ones)[0])]
        if not chosen:
            raise Unusable(f"{named(self.score)} and {named(self.outcome)} give no line")
        if still := [known.row.label for i, known in enumerate(lines) if i not in chosen]:
            notes.append(f"rows without a line: {', '.join(still)}")
        found = cluster_bootstrap(
            lambda weights: np.mean([parts[i](weights) for i in chosen], axis=0), whole.clusters, rng, self.resamples
        )
        used = [lines[i] for i in chosen]
        figure = {
            "score": named(self.score),
            "outcome": named(self.outcome),
            "rows": [_told(known, whole.units) for known in used],
        }
        return told(found, whole, [*notes, *cut_note(used, "count as longer than it")], figure)


def _positive(known: Known) -> Known:
    """Return the row without units that have no logarithm."""
    good = (known.scores > 0).all(axis=0) & (known.row.values[known.there] > 0).all(axis=1)
    there = known.there.copy()
    there[np.flatnonzero(known.there)[~good]] = False
    return replace(
        known, there=there, scores=known.scores[:, good], beside=known.beside[:, good], outcome=known.outcome[good]
    )


def _slope(known: Known) -> Weighted:
    """Return the slope of a row as a function of weights of all units."""
    line, reliable = _line(known), _reliability(np.log(known.scores))

    def slope(weights: np.ndarray) -> np.ndarray:
        shares = reliable(weights[:, known.there])
        usable = shares >= LEAST_RELIABLE
        return np.where(usable, line(weights)[:, 1] / np.where(usable, shares, 1.0), np.nan)

    return slope


def _line(known: Known) -> Weighted:
    """Return intercept and slope of a row, (b, 2), not corrected; a unit counts by all its runs."""
    runs, censored = known.row.values[known.there], known.row.censored[known.there]
    x = np.repeat(np.log(known.scores).mean(axis=0), runs.shape[1])
    design = np.stack([np.ones(len(x)), x], axis=1)
    y = np.log(runs).ravel()

    def line(weights: np.ndarray) -> np.ndarray:
        if not len(y):
            return np.full((len(weights), 2), np.nan)
        each = np.repeat(weights[:, known.there], runs.shape[1], axis=1)
        return tobit(y, design, censored.ravel(), each)[0]

    return line


def _reliability(logs: np.ndarray) -> Weighted:
    """Return the share of truth in the variance of the mean over seeds of (seeds, n); 1 with one seed."""
    seeds = len(logs)
    mean = logs.mean(axis=0)
    noise = logs.var(axis=0, ddof=1) / seeds if seeds > 1 else np.zeros(len(mean))

    def share(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1)
        safe = np.maximum(total, 1e-300)
        middle = weights @ mean / safe
        between = (weights * (mean - middle[:, None]) ** 2).sum(axis=1) / np.maximum(total - 1, 1e-300)
        varies = between > 0
        return np.where(varies, 1 - weights @ noise / safe / np.where(varies, between, 1.0), 1.0)

    return share


def _told(known: Known, units: Sequence[Unit]) -> dict[str, Any]:
    ones = np.ones((1, len(known.there)))
    intercept, slope = _line(known)(ones)[0]
    corrected = float(_slope(known)(ones)[0])
    logs = np.log(known.scores)
    runs, censored = known.row.values[known.there], known.row.censored[known.there]
    x, y = np.repeat(logs.mean(axis=0), runs.shape[1]), np.log(runs).ravel()
    seen = censored.ravel() == SEEN
    least, axis = _plain(x[seen], y[seen])
    names = [shown(unit) for unit, there in zip(units, known.there, strict=True) if there]
    return {
        "row": known.row.label,
        "n": int(known.there.sum()),
        "slope": corrected,
        # The line goes through the mean of the scores, whatever its slope.
        "intercept": float(intercept + (slope - corrected) * logs.mean()),
        "reliability": None if len(logs) == 1 else float(_reliability(logs)(ones[:, known.there])[0]),
        "uncorrected": float(slope),
        "least_squares": least,
        "reduced_major_axis": axis,
        "censored": known.cut,
        "points": [
            [name, float(score), [float(value) for value in row], [bool(end == LONGER) for end in ends]]
            for name, score, row, ends in zip(names, np.exp(logs.mean(axis=0)), runs, censored, strict=True)
        ],
    }


def _plain(x: np.ndarray, y: np.ndarray) -> tuple[float | None, float | None]:
    """Return the slopes of least squares and of the reduced major axis; None where x does not vary."""
    if len(x) < 3 or not x.std() > 0:
        return None, None
    covariance = np.cov(x, y)
    slope = float(covariance[0, 1] / covariance[0, 0])
    return slope, float(np.sign(slope) * np.sqrt(covariance[1, 1] / covariance[0, 0]))
