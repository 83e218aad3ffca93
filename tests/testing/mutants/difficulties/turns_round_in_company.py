"""Has another sign where there are more samples than fill its batch."""

from __future__ import annotations

from dataclasses import replace

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "order-holds-for-fewer"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        return replace(found, values=-found.values if len(samples) > 4 else found.values)
