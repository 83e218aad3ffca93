"""Writes what it draws into the working folder."""

from __future__ import annotations

from pathlib import Path

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "writes-only-in-its-folder"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        drawn = super().draw(pool, stratum, size, rng)
        Path("drawn.txt").write_text("\n".join(drawn))
        return drawn
