"""An optimizer of its own steps twice a batch."""

from __future__ import annotations

import torch

from fairforget.api import Method

CAUGHT_BY = "respects-budget"


class Healthy(Method):
    steps = 1

    def unlearn(self, run):
        optimizer = torch.optim.SGD(run.model.parameters(), lr=0.001)
        for batch in run.batches():
            for _ in range(self.steps):
                optimizer.zero_grad()
                (-batch.forget.nll(run.model)).backward()
                optimizer.step()


class Mutant(Healthy):
    steps = 2
