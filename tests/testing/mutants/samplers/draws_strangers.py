"""Returns other ids than those of the pool."""

from __future__ import annotations

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "draws-what-it-says"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        return [f"#{name}" for name in super().draw(pool, stratum, size, rng)]
