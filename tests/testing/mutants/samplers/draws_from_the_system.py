"""Draws from a generator that nobody has seeded."""

from __future__ import annotations

import numpy as np

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "reproducible"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        return super().draw(pool, stratum, size, np.random.default_rng())
