"""Divides by the width of the batch."""

from __future__ import annotations

import numpy as np
import torch

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "batching-changes-nothing"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        values = np.empty(len(samples))
        for rows in samples.buckets(self.batch_tokens or 4096):
            batch = samples.take(rows).batch(eos=False)
            with torch.no_grad():
                values[rows] = batch.nll(model, "sum").double().numpy() / batch.input_ids.shape[1]
        return values
