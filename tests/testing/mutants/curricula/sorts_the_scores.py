"""The scores are sorted where they lie."""

from __future__ import annotations

import numpy as np

from fairforget.api import Curriculum, PluginSpec

CAUGHT_BY = "leaves-scores-alone"


class Healthy(Curriculum):
    def difficulty(self):
        return PluginSpec("loss")

    def order(self, samples, scores, rng):
        return np.argsort(scores, kind="stable").tolist()


class Mutant(Healthy):
    def order(self, samples, scores, rng):
        scores.sort()
        return super().order(samples, scores, rng)
