"""A hook that stays on the model."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "restores-modes"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)

    def look(self, *_):
        return None

    def unlearn(self, run):
        hook = run.model.register_forward_hook(self.look)
        super().unlearn(run)
        hook.remove()


class Mutant(Healthy):
    def unlearn(self, run):
        run.model.register_forward_hook(self.look)
        LossMethod.unlearn(self, run)
