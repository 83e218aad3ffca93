"""How surprising the completions are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from fairforget.api import Measurement, Metric, Subject
from fairforget_tasks.metrics.items import scored


@dataclass(frozen=True)
class Perplexity(Metric):
    """``exp(mean NLL)`` over all scored tokens of the set, each token counting once; natural logarithm.

    Item: the same over the tokens of one sample, so that the value is the token-weighted geometric mean of the items.
    A model that has diverged can give an infinite value. Source: Jelinek et al. 1977, as language modelling uses it.
    """

    higher_is: ClassVar[Literal["worse"]] = "worse"
    unit: ClassVar[str] = "perplexity"

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's own prompts and completions."""
        excluded: dict[str, str] = {}
        nlls = {sample.id: -logprobs for sample, logprobs in scored(subject, excluded)}
        if not nlls:
            return Measurement(math.nan, {}, 0, excluded, {"tokens": 0})
        tokens = np.concatenate(list(nlls.values()))
        with np.errstate(over="ignore"):
            items = {name: float(np.exp(nll.mean())) for name, nll in nlls.items()}
            value = float(np.exp(tokens.mean()))
        mean = float(tokens.mean())
        details = {"tokens": len(tokens), "mean_nll": mean if math.isfinite(mean) else None}
        return Measurement(value, items, len(items), excluded, details)
