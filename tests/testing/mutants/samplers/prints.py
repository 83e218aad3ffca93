"""Prints what it draws."""

from __future__ import annotations

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "prints-nothing"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        drawn = super().draw(pool, stratum, size, rng)
        print(drawn)  # noqa: T201
        return drawn
