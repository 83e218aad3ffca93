"""Torch's generator is seeded when the module is imported."""

from __future__ import annotations

import torch

from fairforget import Entry, hookimpl
from fairforget.api import LossMethod

CAUGHT_BY = "imports-quietly"
torch.manual_seed(0)


class Mutant(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)


@hookimpl
def fairforget_methods():
    return [Entry("mutant", f"{__name__}:Mutant")]
