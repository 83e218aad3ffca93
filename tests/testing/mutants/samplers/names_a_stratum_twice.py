"""Has the same stratum twice."""

from __future__ import annotations

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "states-strata"


class Mutant(Healthy):
    @property
    def strata(self):
        return ("random", "random")
