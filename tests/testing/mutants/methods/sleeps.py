"""A nap an update."""

from __future__ import annotations

import time

from fairforget.api import LossMethod

CAUGHT_BY = "does-not-idle"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        time.sleep(0.2)
        return super().loss(model, batch)
