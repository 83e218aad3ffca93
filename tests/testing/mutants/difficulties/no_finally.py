"""Puts the weights back, unless something fails."""

from __future__ import annotations

import torch

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "restores-weights-after-an-error"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        weight = next(model.parameters())
        before = weight.detach().clone()
        with torch.no_grad():
            weight.add_(0.1)
        found = super().score(model, samples, rng)
        with torch.no_grad():
            weight.copy_(before)
        return found
