"""Adds noise from a generator that nobody has seeded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "deterministic-for-rng"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        return replace(found, values=found.values + 1e-9 * np.random.default_rng().standard_normal(len(samples)))
