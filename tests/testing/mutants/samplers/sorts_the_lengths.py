"""Sorts the lengths of the pool in place."""

from __future__ import annotations

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "does-not-touch-pool"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        pool.lengths.sort()
        return super().draw(pool, stratum, size, rng)
