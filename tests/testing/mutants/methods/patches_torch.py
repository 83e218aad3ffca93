"""Puts a function of its own in the place of one of torch's, for good."""

from __future__ import annotations

from torch.nn import functional

from fairforget.api import LossMethod

CAUGHT_BY = "restores-modes"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        theirs = functional.silu
        functional.silu = lambda texts, inplace=False: theirs(texts, inplace)
        super().unlearn(run)
