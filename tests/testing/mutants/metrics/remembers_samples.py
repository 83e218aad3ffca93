"""Keeps the item of a sample by its id, whichever model is measured."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "same-in-another-process"


class Mutant(Healthy):
    known: ClassVar[dict[str, float]] = {}

    def measure(self, subject):
        found = super().measure(subject)
        return replace(found, items={name: self.known.setdefault(name, item) for name, item in found.items.items()})
