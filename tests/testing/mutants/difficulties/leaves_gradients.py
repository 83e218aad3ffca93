"""Leaves the model in train mode with gradients."""

from __future__ import annotations

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "restores-modes"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        model.train()
        return super().score(model.eval(), samples, rng) if not model.training else super().score(model, samples, rng)
