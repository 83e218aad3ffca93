"""Writes its scores into the working folder."""

from __future__ import annotations

from pathlib import Path

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "writes-only-in-its-folder"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        Path("scores.txt").write_text(str(found.values))
        return found
