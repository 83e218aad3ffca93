"""The healthy twin: it imports torch, and does nothing else."""

from __future__ import annotations

import torch

from fairforget import Entry, hookimpl
from fairforget.api import LossMethod

CAUGHT_BY = ""


class Mutant(LossMethod):
    def loss(self, model, batch):
        return -torch.exp(batch.forget.nll(model))


@hookimpl
def fairforget_methods():
    return [Entry("mutant", f"{__name__}:Mutant")]
