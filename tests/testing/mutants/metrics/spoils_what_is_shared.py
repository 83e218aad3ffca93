"""Works in place on arrays that other metrics read."""

from __future__ import annotations

import numpy as np

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "leaves-answers-alone"


class Mutant(Healthy):
    def measure(self, subject):
        found = super().measure(subject)
        for values in subject.logprobs():
            np.multiply(values, 0.5, out=values)
        return found
