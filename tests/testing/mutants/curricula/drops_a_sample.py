"""The last of the order is left out."""

from __future__ import annotations

from fairforget.api import Curriculum

CAUGHT_BY = "order-is-a-permutation"


class Healthy(Curriculum):
    def order(self, samples, scores, rng):
        return rng.permutation(len(samples)).tolist()


class Mutant(Healthy):
    def order(self, samples, scores, rng):
        return super().order(samples, scores, rng)[: max(1, len(samples) - 1)]
