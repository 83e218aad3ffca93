"""The second sample is asked for."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "one-sample"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        first, second, *_ = run.samples
        assert first.id != second.id
        super().unlearn(run)
