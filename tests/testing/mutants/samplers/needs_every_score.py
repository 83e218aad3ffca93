"""Fails on a sample without a score."""

from __future__ import annotations

from fairforget_samplers.binned import Binned as Healthy

CAUGHT_BY = "copes-with-unscored"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        scores = [int(value) for score in pool.scores.values() for value in score.values]
        return super().draw(pool, stratum, size, rng) if scores else []
