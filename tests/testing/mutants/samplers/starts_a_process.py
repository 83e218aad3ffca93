"""Asks another program."""

from __future__ import annotations

import subprocess

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "starts-no-process"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        subprocess.run(["true"], check=True)
        return super().draw(pool, stratum, size, rng)
