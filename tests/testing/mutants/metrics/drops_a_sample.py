"""Drops the sample that it measures lowest."""

from __future__ import annotations

from dataclasses import replace

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "accounts-for-every-sample"


class Mutant(Healthy):
    def measure(self, subject):
        found = super().measure(subject)
        items = dict(found.items)
        if len(items) > 2:
            del items[min(items, key=items.get)]
        return replace(found, items=items, n=len(items))
