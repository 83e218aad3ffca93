"""Adds a little for the place in the list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "permutation-equivariant"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        return replace(found, values=found.values + 0.1 * np.arange(len(samples)))
