"""A division by what is left."""

from __future__ import annotations

import numpy as np

from fairforget.api import Curriculum, PluginSpec

CAUGHT_BY = "progress-range"


class Healthy(Curriculum):
    def difficulty(self):
        return PluginSpec("loss")

    def weights(self, samples, scores, progress):
        return np.where(np.isfinite(scores), scores, 0) + 0.1


class Mutant(Healthy):
    def weights(self, samples, scores, progress):
        return super().weights(samples, scores, progress) ** (1 // (1 - progress))
