"""Orders by the hash values of ids, which are others in every process."""

from __future__ import annotations

from fairforget.api import Curriculum

CAUGHT_BY = "same-in-another-process"


class Healthy(Curriculum):
    def order(self, samples, scores, rng):
        return sorted(range(len(samples)), key=lambda i: samples[i].id)


class Mutant(Curriculum):
    def order(self, samples, scores, rng):
        return sorted(range(len(samples)), key=lambda i: (hash(samples[i].id) % 997, i))
