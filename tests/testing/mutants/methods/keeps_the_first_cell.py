"""Takes its margin from the first cell that the process ever ran."""

from __future__ import annotations

from typing import ClassVar

from fairforget.api import LossMethod

CAUGHT_BY = "same-in-another-process"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    margin: ClassVar[list[float]] = []

    def loss(self, model, batch):
        loss = super().loss(model, batch)
        if not self.margin:
            self.margin.append(abs(float(loss.detach())))
        return loss * (1 + self.margin[0])
