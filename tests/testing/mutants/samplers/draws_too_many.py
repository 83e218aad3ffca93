"""Draws one unit more than asked for."""

from __future__ import annotations

from fairforget.errors import FairforgetError
from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "draws-what-it-says"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        units = pool.units()
        chosen = []
        for place in rng.permutation(len(units)):
            if len(chosen) <= size:
                chosen += units[place]
        if len(pool.samples) <= size or pool.taken:
            raise FairforgetError("too few")
        return [pool.samples[i].id for i in chosen]
