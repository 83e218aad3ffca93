"""Keeps away from what the instance drew before."""

from __future__ import annotations

from dataclasses import replace

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "draws-in-any-order-of-calls"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        before = self.__dict__.get("before", frozenset())
        drawn = super().draw(replace(pool, taken=pool.taken | before), stratum, size, rng)
        self.__dict__["before"] = frozenset(drawn)
        return drawn
