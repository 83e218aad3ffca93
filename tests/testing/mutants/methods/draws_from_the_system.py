"""A generator that nobody seeds."""

from __future__ import annotations

import numpy as np

from fairforget.api import LossMethod

CAUGHT_BY = "deterministic"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        return float(np.random.default_rng().uniform(0.5, 1.5)) * super().loss(model, batch)
