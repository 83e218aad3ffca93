"""Draws the same samples whatever generator it gets."""

from __future__ import annotations

import numpy as np

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "uses-its-generator"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        return super().draw(pool, stratum, size, np.random.default_rng(7))
