"""A number that outlives the run."""

from __future__ import annotations

from typing import ClassVar

from fairforget.api import LossMethod

CAUGHT_BY = "deterministic"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    runs: ClassVar[list[int]] = []

    def unlearn(self, run):
        type(self).runs.append(1)
        super().unlearn(run)

    def loss(self, model, batch):
        return len(self.runs) * super().loss(model, batch)
