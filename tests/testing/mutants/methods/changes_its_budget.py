"""The run's own budget is raised."""

from __future__ import annotations

import dataclasses

from fairforget.api import LossMethod

CAUGHT_BY = "respects-budget"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        run.budget = dataclasses.replace(run.budget, amount=run.budget.amount + 2)
        super().unlearn(run)
