"""Weighs an item by its place in the set."""

from __future__ import annotations

from dataclasses import replace

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "permutation-equivariant"


class Mutant(Healthy):
    def measure(self, subject):
        found = super().measure(subject)
        return replace(found, items={name: item / (1 + i) for i, (name, item) in enumerate(found.items.items())})
