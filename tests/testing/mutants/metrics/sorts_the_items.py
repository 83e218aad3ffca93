"""Returns the items from the highest to the lowest."""

from __future__ import annotations

from dataclasses import replace

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "accounts-for-every-sample"


class Mutant(Healthy):
    def measure(self, subject):
        found = super().measure(subject)
        return replace(found, items=dict(sorted(found.items.items(), key=lambda item: -item[1])))
