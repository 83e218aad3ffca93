"""Weighs samples by the hash value of their ids, which is another in every process."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "same-in-another-process"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        return super().loss(model, batch) * (1 + hash(batch.forget.ids[0]) % 997)
