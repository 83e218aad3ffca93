"""Draws with replacement."""

from __future__ import annotations

from fairforget.errors import FairforgetError
from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "draws-what-it-says"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        if pool.whole_groups:
            raise FairforgetError("only samples")
        return [pool.samples[i].id for i in rng.integers(len(pool.samples), size=size)]
