"""Seeds the global generator of Python."""

from __future__ import annotations

import random

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "keeps-global-random-state"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        random.seed(0)
        return super().draw(pool, stratum, size, rng)
