"""Adds noise from a generator that nobody has seeded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "same-twice"


class Mutant(Healthy):
    def measure(self, subject):
        found = super().measure(subject)
        return replace(found, value=found.value + 1e-9 * np.random.default_rng().random())
