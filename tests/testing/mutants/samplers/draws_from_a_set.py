"""Draws from a set of groups, whose order is another in every process."""

from __future__ import annotations

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "same-in-another-process"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        units = {tuple(pool.samples[i].id for i in unit) for unit in pool.units()}
        drawn = []
        for unit in rng.permutation(len(units)):
            ids = list(units)[unit]
            if len(drawn) + len(ids) <= size and not pool.taken & set(ids):
                drawn += ids
        return drawn
