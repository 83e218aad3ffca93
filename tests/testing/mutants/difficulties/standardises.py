"""Divides by the standard deviation, which of one number is nought."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "one-sample"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        with np.errstate(invalid="ignore"):
            values = (found.values - found.values.mean()) / found.values.std()
        return replace(found, values=values)
