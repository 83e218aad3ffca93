"""Leaves its noise on the weights."""

from __future__ import annotations

import torch

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "leaves-weights-alone"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        with torch.no_grad():
            next(model.parameters()).add_(1e-6)
        return found
