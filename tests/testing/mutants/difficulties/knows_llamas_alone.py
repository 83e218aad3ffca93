"""Looks for the layers where a Llama has them."""

from __future__ import annotations

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "second-architecture"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        assert model.model.layers
        return super().score(model, samples, rng)
