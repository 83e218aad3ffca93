"""Keeps the score of a sample by its id, whichever model is asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "same-in-another-process"


class Mutant(Healthy):
    known: ClassVar[dict[str, float]] = {}

    def score(self, model, samples, rng):
        found = super().score(model, samples, rng)
        kept = [self.known.setdefault(one.sample.id, value) for one, value in zip(samples, found.values, strict=True)]
        return replace(found, values=np.array(kept))
