"""A draw from Python's global generator."""

from __future__ import annotations

import random

from fairforget.api import LossMethod

CAUGHT_BY = "keeps-global-random-state"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        return (1 + random.random()) * super().loss(model, batch)
