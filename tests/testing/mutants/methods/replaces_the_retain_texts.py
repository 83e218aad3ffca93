"""The retain texts of the run are all replaced by the first."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "leaves-retain-data-alone"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        run.retain._samples = run.retain._samples[:1] * len(run.retain)
        super().unlearn(run)
