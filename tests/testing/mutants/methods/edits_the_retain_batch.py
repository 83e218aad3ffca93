"""Labels of the retain batch are masked where they lie."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "leaves-retain-data-alone"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def loss(self, model, batch):
        batch.retain.labels[:, :4] = -100
        batch.retain.labels[:, -1] = -100
        return super().loss(model, batch)
