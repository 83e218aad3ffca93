"""An option that is another when it is read back."""

from __future__ import annotations

from typing import Annotated

from fairforget.api import LossMethod

CAUGHT_BY = "clones-without-running"


class Healthy(LossMethod):
    def __init__(self, beta: Annotated[float, "weight of the forget term"] = 1.0):
        self.beta = beta

    def loss(self, model, batch):
        return -self.beta * batch.forget.nll(model)


class Mutant(Healthy):
    def __init__(self, beta: Annotated[float, "weight of the forget term"] = 1.0):
        super().__init__(beta / 2)
