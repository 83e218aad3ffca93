"""A draw from numpy's global generator."""

from __future__ import annotations

import numpy as np

from fairforget.api import LossMethod

CAUGHT_BY = "keeps-global-random-state"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)

    def unlearn(self, run):
        run.rng.permutation(4)
        super().unlearn(run)


class Mutant(Healthy):
    def unlearn(self, run):
        self.order = np.random.permutation(4)  # noqa: NPY002
        super().unlearn(run)
