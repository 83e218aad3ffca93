"""Membership inference by Min-K% Prob."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Measurement, Metric, Subject
from fairforget_tasks.metrics.items import scored


@dataclass(frozen=True)
class MiaMinK(Metric):
    """AUC of the Min-K% attack that tells the samples from texts the model was never trained on.

    Item: minus the mean of the lowest max(1, floor(k T)) token log-probabilities of the answer, in nats; higher is less
    member-like. Value with orientation ``forgotten``: P(item of a sample > item of a negative) + P(equal) / 2. It is 1
    where every sample looks less like a member than every negative, 1/2 where they cannot be told apart, and near 0
    where the model still remembers; above 1/2 it is forgetting itself that shows. ``member`` is 1 minus that. Source:
    Shi et al. 2024 (2310.16789); ``forgotten`` is how 2504.06658 reads it, ``member`` how open-unlearning does.
    """

    k: Annotated[float, Field(gt=0, le=1), "share of the tokens that are looked at: the least likely"] = 0.4
    negatives: Annotated[str, "the set of samples that stand for what was never seen"] = "holdout"
    scope: Annotated[Literal["answer"], "the tokens that count: those of the completion"] = "answer"
    orientation: Annotated[Literal["forgotten", "member"], "what a value of 1 says of the samples"] = "forgotten"

    unit: ClassVar[str] = "AUC"

    @property
    def higher_is(self) -> Literal["less memory", "more memory"]:  # type: ignore[override]
        """The direction, which `orientation` decides."""
        return "less memory" if self.orientation == "forgotten" else "more memory"

    def measure(self, subject: Subject) -> Measurement:
        """Measure the samples of the subject against those of its set `negatives`.

        Raises:
            FairforgetError: the task has no set of that name.
        """
        excluded: dict[str, str] = {}
        excluded_negatives: dict[str, str] = {}
        items = {s.id: self._item(logprobs) for s, logprobs in scored(subject, excluded)}
        others = {s.id: self._item(logprobs) for s, logprobs in scored(subject.on(self.negatives), excluded_negatives)}
        value = auc(list(items.values()), list(others.values()))
        value = value if self.orientation == "forgotten" else 1 - value
        details = {
            **self.options(),
            "n_negatives": len(others),
            "negative_items": {name: item if math.isfinite(item) else None for name, item in others.items()},
            "excluded_negatives": excluded_negatives,
        }
        return Measurement(value, items, len(items), excluded, details)

    def _item(self, logprobs: np.ndarray) -> float:
        lowest = np.sort(logprobs)[: max(1, int(self.k * len(logprobs)))]
        return float(-lowest.mean())


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return P(positive > negative) + P(equal) / 2 over all pairs; NaN where a side is empty or has a NaN."""
    if not positives or not negatives or np.isnan([*positives, *negatives]).any():
        return math.nan
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left") + np.searchsorted(ordered, positives, side="right")
    return float(below.sum() / (2 * len(positives) * len(negatives)))
