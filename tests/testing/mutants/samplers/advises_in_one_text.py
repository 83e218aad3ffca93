"""Returns its advice as a text."""

from __future__ import annotations

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "advises-in-lines"


class Mutant(Healthy):
    def advise(self, pool):
        return "the pool is large enough"
