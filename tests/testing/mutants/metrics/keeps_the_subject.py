"""Keeps the subject among its details."""

from __future__ import annotations

from dataclasses import replace

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "details-are-plain"


class Mutant(Healthy):
    def measure(self, subject):
        return replace(super().measure(subject), details={"subject": subject})
