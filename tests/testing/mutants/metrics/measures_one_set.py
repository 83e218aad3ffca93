"""Measures what is to be forgotten, whichever set it is asked about."""

from __future__ import annotations

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "accounts-for-every-sample"


class Mutant(Healthy):
    def measure(self, subject):
        return super().measure(subject.on("forget"))
