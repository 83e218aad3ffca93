"""The reference is moved along with the model."""

from __future__ import annotations

import torch

from fairforget.api import LossMethod

CAUGHT_BY = "leaves-reference-alone"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return (batch.forget.logprobs(model).values - batch.reference(batch.forget).values).mean()


class Mutant(Healthy):
    def loss(self, model, batch):
        frozen = batch._reference._model()
        with torch.no_grad():
            next(frozen.parameters()).add_(0.01)
        return super().loss(model, batch)
