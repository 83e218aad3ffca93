"""The logarithm of a negative number."""

from __future__ import annotations

import torch

from fairforget.api import LossMethod

CAUGHT_BY = "finite-losses"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        return torch.log(super().loss(model, batch) - 1000)
