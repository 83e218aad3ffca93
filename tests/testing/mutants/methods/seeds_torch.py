"""Torch's generator is seeded."""

from __future__ import annotations

import torch

from fairforget.api import LossMethod

CAUGHT_BY = "keeps-global-random-state"


class Healthy(LossMethod):
    def loss(self, model, batch):
        own = torch.Generator().manual_seed(7)
        return -batch.forget.nll(model) * (1 + torch.rand((), generator=own))


class Mutant(Healthy):
    def loss(self, model, batch):
        torch.manual_seed(7)
        return super().loss(model, batch) * (1 + torch.rand(()))
