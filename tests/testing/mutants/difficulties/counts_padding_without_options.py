"""Divides by the width of the one batch it makes, and has no option for its size."""

from __future__ import annotations

import torch

from fairforget.api import Difficulty

CAUGHT_BY = "batching-changes-nothing"


class Healthy(Difficulty):
    higher_is = "easier"

    def score(self, model, samples, rng):
        batch = samples.batch(eos=False)
        with torch.no_grad():
            return (batch.nll(model, "sum") / self.lengths(batch)).double().numpy()

    def lengths(self, batch):
        return batch.scored.sum(1)


class Mutant(Healthy):
    def lengths(self, batch):
        return batch.input_ids.shape[1]
