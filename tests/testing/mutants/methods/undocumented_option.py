"""An option that nobody explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fairforget.api import LossMethod

CAUGHT_BY = "options-documented"


@dataclass(frozen=True)
class Healthy(LossMethod):
    beta: Annotated[float, "weight of the forget term"] = 1.0

    def loss(self, model, batch):
        return -self.beta * batch.forget.nll(model)


@dataclass(frozen=True)
class Mutant(Healthy):
    gamma: float = 1.0
