"""More steps by hand when the batches have ended."""

from __future__ import annotations

import torch

from fairforget.api import LossMethod

CAUGHT_BY = "respects-budget"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        super().unlearn(run)
        for _ in range(5):
            run.model.zero_grad()
            (-run.forget.batch(eos=True).nll(run.model)).backward()
            with torch.no_grad():
                for p in run.model.parameters():
                    p.sub_(0.001 * p.grad)
