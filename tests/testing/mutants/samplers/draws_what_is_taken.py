"""Draws again what earlier draws have."""

from __future__ import annotations

from dataclasses import replace

from fairforget_samplers.random import Random as Healthy

CAUGHT_BY = "leaves-taken-alone"


class Mutant(Healthy):
    def draw(self, pool, stratum, size, rng):
        return super().draw(replace(pool, taken=frozenset()), stratum, size, rng)
