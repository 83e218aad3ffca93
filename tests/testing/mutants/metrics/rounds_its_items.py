"""Returns items as a table would print them."""

from __future__ import annotations

from dataclasses import replace

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "items-unrounded"


class Mutant(Healthy):
    def measure(self, subject):
        found = super().measure(subject)
        return replace(found, items={name: round(item, 3) for name, item in found.items.items()})
