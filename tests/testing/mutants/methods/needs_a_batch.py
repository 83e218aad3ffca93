"""The spread of the losses of a batch, of which one alone has none."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "batch-size-one"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        losses = batch.forget.nll(model, "mean")
        return -losses.mean() + losses.std()
