"""Weights from a generator that nobody seeds."""

from __future__ import annotations

import numpy as np

from fairforget.api import Curriculum, PluginSpec

CAUGHT_BY = "deterministic-weights"


class Healthy(Curriculum):
    def difficulty(self):
        return PluginSpec("loss")

    def weights(self, samples, scores, progress):
        return np.where(np.isfinite(scores), scores, 0) + 0.1


class Mutant(Healthy):
    def weights(self, samples, scores, progress):
        return super().weights(samples, scores, progress) * np.random.default_rng().uniform(1, 2, len(samples))
