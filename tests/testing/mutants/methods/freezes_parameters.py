"""Half of the model is frozen, and stays so."""

from __future__ import annotations

from fairforget.api import LossMethod

CAUGHT_BY = "restores-modes"


class Healthy(LossMethod):
    thaw = True

    def loss(self, model, batch):
        return -batch.forget.nll(model)

    def unlearn(self, run):
        frozen = run.model.get_input_embeddings().requires_grad_(False)
        super().unlearn(run)
        frozen.requires_grad_(self.thaw)


class Mutant(Healthy):
    thaw = False
