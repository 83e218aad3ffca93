"""Leaves the model in train mode."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "leaves-model-alone"


class Mutant(Healthy):
    def measure(self, subject):
        found = super().measure(subject)
        subject.model.train()
        return found
