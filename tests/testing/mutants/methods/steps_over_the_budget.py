"""Fifty steps by hand with the first batch, and none with the others."""

from __future__ import annotations

import torch

from fairforget.api import Method

CAUGHT_BY = "respects-budget"


class Healthy(Method):
    steps = 1

    def unlearn(self, run):
        for batch in run.batches():
            for _ in range(self.steps):
                run.model.zero_grad()
                (-batch.forget.nll(run.model)).backward()
                with torch.no_grad():
                    for p in run.model.parameters():
                        p.sub_(0.001 * p.grad)


class Mutant(Healthy):
    steps = 50
