"""Weights that are no numbers, without any loss."""

from __future__ import annotations

import torch

from fairforget.api import LossMethod

CAUGHT_BY = "finite-losses"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        super().unlearn(run)
        with torch.no_grad():
            next(run.model.parameters())[0] = float("nan")
