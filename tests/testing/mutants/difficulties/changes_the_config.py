"""Leaves the model asked for its hidden states."""

from __future__ import annotations

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "restores-modes"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        model.config.output_hidden_states = True
        return super().score(model, samples, rng)
