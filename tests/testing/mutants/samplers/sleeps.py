"""Waits a while."""

from __future__ import annotations

import time

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "does-not-idle"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        time.sleep(0.05)
        return super().draw(pool, stratum, size, rng)
