"""A path through the model that only a Llama has."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "second-architecture"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        assert model.model.layers[0].mlp.down_proj.weight.requires_grad
        return super().loss(model, batch)
