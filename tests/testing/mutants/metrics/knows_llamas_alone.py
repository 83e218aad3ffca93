"""Looks for the layers where a Llama has them."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "second-architecture"


class Mutant(Healthy):
    def measure(self, subject):
        assert subject.model.model.layers
        return super().measure(subject)
