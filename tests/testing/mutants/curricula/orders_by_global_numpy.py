"""An order from numpy's global generator."""

from __future__ import annotations

import numpy as np

from fairforget.api import Curriculum

CAUGHT_BY = "keeps-global-random-state"


class Healthy(Curriculum):
    def order(self, samples, scores, rng):
        return rng.permutation(len(samples)).tolist()


class Mutant(Healthy):
    def order(self, samples, scores, rng):
        return np.random.permutation(len(samples)).tolist()  # noqa: NPY002
