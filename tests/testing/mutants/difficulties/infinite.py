"""Gives the longest sample an infinite score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "finite-or-explained"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        longest = max(s.length for s in samples)
        values = [np.inf if s.length == longest else v for s, v in zip(samples, found.values, strict=True)]
        return replace(found, values=np.array(values))
