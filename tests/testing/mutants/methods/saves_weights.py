"""A checkpoint that torch itself writes, without Python's open."""

from __future__ import annotations

import torch

from fairforget.api import LossMethod

CAUGHT_BY = "writes-only-in-its-folder"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        torch.save(run.model.state_dict(), "before.pt")
        super().unlearn(run)
