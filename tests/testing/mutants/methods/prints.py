"""A line an update."""

from __future__ import annotations

import sys

from fairforget.api import LossMethod

CAUGHT_BY = "prints-nothing"


class Healthy(LossMethod):
    def loss(self, model, batch):
        value = -batch.forget.nll(model)
        print(f"loss {float(value.detach()):.3f}", file=sys.stderr)  # noqa: T201
        return value


class Mutant(Healthy):
    def loss(self, model, batch):
        value = super().loss(model, batch)
        print(f"loss {float(value.detach()):.3f}")  # noqa: T201
        return value
