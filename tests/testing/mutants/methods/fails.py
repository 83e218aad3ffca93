"""It fails on everything."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "runs"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        raise KeyError("beta")
