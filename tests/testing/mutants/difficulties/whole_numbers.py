"""Returns ranks as integers."""

from __future__ import annotations

from dataclasses import replace

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "shape"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        return replace(found, values=found.values.argsort().argsort())
