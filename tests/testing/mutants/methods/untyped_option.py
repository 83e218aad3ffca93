"""An option of any type, without a default."""

from __future__ import annotations

from typing import Annotated

from fairforget.api import LossMethod

CAUGHT_BY = "options-documented"


class Healthy(LossMethod):
    def __init__(self, beta: Annotated[float, "weight of the forget term"] = 1.0):
        self.beta = beta

    def loss(self, model, batch):
        return -self.beta * batch.forget.nll(model)


class Mutant(Healthy):
    def __init__(self, beta):
        super().__init__(beta)
