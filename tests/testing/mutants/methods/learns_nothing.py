"""The model is as it was."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "learns-something"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        return 0 * super().loss(model, batch)
