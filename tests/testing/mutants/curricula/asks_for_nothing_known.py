"""A difficulty that nobody has."""

from __future__ import annotations

import numpy as np

from fairforget.api import Curriculum, PluginSpec

CAUGHT_BY = "states-its-needs"


class Healthy(Curriculum):
    def difficulty(self):
        return PluginSpec("loss")

    def weights(self, samples, scores, progress):
        return np.where(np.isfinite(scores), scores, 0) + 0.1


class Mutant(Healthy):
    def difficulty(self):
        return PluginSpec("lss")
