"""Measuring one model with everything a task asks for."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fairforget.api import Measurement, Metric, MetricUse, Sample
from fairforget.run.measures.subject import LiveSubject
from fairforget.run.seeds import integer

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Evaluation:
    """The scores and items of a record, and what looked wrong."""

    scores: dict[str, dict[str, Any]]
    items: dict[str, dict[str, float | None]]
    problems: list[dict[str, str]]


def evaluate(subject: LiveSubject, uses: list[tuple[MetricUse, Metric]], vocabulary: int | None) -> Evaluation:
    """Measure every use of a metric; passes are shared through the subject.

    Args:
        subject: the model with any of its sets.
        uses: what is measured, in the order of the columns.
        vocabulary: size of the vocabulary; a model that gives the retain set less than 1/vocabulary a token is
            recorded as collapsed. None = that is not looked at.
    """
    scores: dict[str, dict[str, Any]] = {}
    items: dict[str, dict[str, float | None]] = {}
    subject.ask(
        [(use.on, prompt) for use, metric in uses for prompt in metric.prompts],
        [part for _, metric in uses for part in metric.reads],
    )
    problems = [] if vocabulary is None else _health(subject, vocabulary)
    for use, metric in uses:
        metric.announce(subject.on(use.on))
    for use, metric in uses:
        found = metric.measure(subject.on(use.on))
        value = 1 - found.value if use.complement else found.value
        scores[use.column] = {
            "value": _number(value),
            "n": found.n,
            "role": use.role,
            "better": better_of(use, metric),
            "average": use.average,
            "view": use.view,
            "weigh_by": use.weigh_by,
            "metric": use.metric.name,
            "on": use.on,
            "complement": use.complement,
            "excluded": dict(found.excluded),
            "details": dict(found.details),
        }
        values = {name: 1 - item if use.complement else item for name, item in found.items.items()}
        items[use.column] = {name: _number(item) for name, item in values.items()}
        lost = sum(1 for item in values.values() if not math.isfinite(item))
        if not math.isfinite(value) or lost:
            message = f"the value is {value}; {lost} of {len(values)} items are not finite"
            message = message if found.n else _nothing(found)
            problems.append({"kind": "not-finite", "message": f"{use.column}: {message}"})
        warnings = found.details.get("warnings", ())
        problems.extend({"kind": "warning", "message": f"{use.column}: {warning}"} for warning in warnings)
    problems.extend({"kind": "warning", "message": warning} for warning in subject.warnings())
    return Evaluation(scores, items, problems)


def _nothing(found: Measurement) -> str:
    """Return why nothing was measured: the reason that most samples share."""
    if not found.excluded:
        return "no value: there is no sample to measure"
    ((reason, count),) = Counter(found.excluded.values()).most_common(1)
    return f"no value: of {len(found.excluded)} samples none can be measured; of {count}: {reason}"


def better_of(use: MetricUse, metric: Metric) -> Better | None:
    """Return which direction of a column is good, from the metric's direction, the role and the complement.

    Memory of the forget samples is bad and memory of everything else is good; a diagnostic has no good direction.
    """
    if use.role == "diagnostic":
        return None
    if metric.higher_is in {"better", "worse"}:
        up = metric.higher_is == "better"
    else:
        up = (metric.higher_is == "more memory") == (use.role == "utility")
    return "higher" if up != use.complement else "lower"


def _health(subject: LiveSubject, vocabulary: int) -> list[dict[str, str]]:
    tokens = [values for values in subject.on("retain").logprobs() if values.size]
    if not tokens:
        return []
    mean = float(np.concatenate(tokens).mean())
    if not math.isfinite(mean):
        return [{"kind": "collapsed", "message": "the log-likelihood of the retain set is not finite"}]
    if -mean >= math.log(vocabulary):
        chance = math.log(vocabulary)
        message = f"the retain set costs {-mean:.2f} nats a token, no better than a uniform guess ({chance:.2f})"
        return [{"kind": "collapsed", "message": message}]
    return []


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def capped(samples: tuple[Sample, ...], cap: int | None) -> tuple[Sample, ...]:
    """Return at most `cap` of the samples, in their order: chosen by a hash of their ids, so the same in every cell."""
    if cap is None or cap >= len(samples):
        return samples
    chosen = set(sorted((s.id for s in samples), key=lambda name: integer("evaluated", name))[:cap])
    return tuple(s for s in samples if s.id in chosen)
