"""How likely the completion is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from fairforget.api import Measurement, Metric, Subject
from fairforget_tasks.metrics.items import mean_of, scored


@dataclass(frozen=True)
class Probability(Metric):
    """Mean over samples of p(completion | prompt)^(1/T): the geometric mean of the probabilities of its T tokens.

    Item: ``exp(mean_t log p(x_t | x_<t))``. Source: TOFU (2401.06121), section 2.2.2.
    """

    higher_is: ClassVar[Literal["more memory"]] = "more memory"
    unit: ClassVar[str] = "probability"

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's own prompts and completions."""
        excluded: dict[str, str] = {}
        items = {sample.id: float(np.exp(logprobs.mean())) for sample, logprobs in scored(subject, excluded)}
        return mean_of(items, excluded)
