"""Needs another sample beside the first."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "one-item"


class Mutant(Healthy):
    def measure(self, subject):
        if len(subject.samples) == 1:
            raise ZeroDivisionError("the standard deviation of one number")
        return super().measure(subject)
