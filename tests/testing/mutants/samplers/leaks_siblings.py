"""Leaves a sample of every drawn group to the retain set."""

from __future__ import annotations

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "no-leak-into-retain"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        drawn = set(super().draw(pool, stratum, size, rng))
        units = [unit for unit in pool.units() if pool.samples[unit[0]].id in drawn]
        return [pool.samples[i].id for unit in units for i in unit[: max(1, len(unit) - 1)]]
