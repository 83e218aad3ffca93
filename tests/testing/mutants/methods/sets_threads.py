"""The number of threads of the process is changed."""

from __future__ import annotations

import torch

from fairforget.api import LossMethod

CAUGHT_BY = "restores-modes"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        torch.set_num_threads(3)
        super().unlearn(run)
