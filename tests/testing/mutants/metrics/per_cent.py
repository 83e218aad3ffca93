"""Gives a probability in per cent."""

from __future__ import annotations

from dataclasses import replace

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "within-its-unit"


class Mutant(Healthy):
    def measure(self, subject):
        found = super().measure(subject)
        return replace(found, value=100 * found.value)
