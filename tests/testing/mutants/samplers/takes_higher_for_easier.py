"""Wrong direction: reads every score as easier where it is higher."""

from __future__ import annotations

from dataclasses import replace

from fairforget_samplers.binned import Binned as Healthy

CAUGHT_BY = "follows-direction"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        scores = {name: replace(score, higher_is="easier") for name, score in pool.scores.items()}
        return super().draw(replace(pool, scores=scores), stratum, size, rng)
