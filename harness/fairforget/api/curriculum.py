"""Curricula: the order in which a method meets the forget samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fairforget.api.plugin import Plugin
from fairforget.api.sample import Sample
from fairforget.api.spec import PluginSpec

if TYPE_CHECKING:
    import numpy as np


class Curriculum(Plugin):
    """Weights or an order for the forget samples of one epoch. The base class is the uniform order."""

    def difficulty(self) -> PluginSpec | None:
        """Return the difficulty whose scores `weights` and `order` want, or None."""
        return None

    def refresh_every(self) -> int | None:
        """Return after how many epochs the scores are computed again on the model as it then is; None = never."""
        return None

    def weights(self, samples: Sequence[Sample], scores: np.ndarray | None, progress: float) -> np.ndarray | None:
        """Return sampling weights (n,), non-negative, or None to visit every sample once an epoch.

        Args:
            samples: the forget samples.
            scores: (n,) of `difficulty`, or None where there is none.
            progress: share of the budget spent, 0 … 1.
        """
        return None

    def order(self, samples: Sequence[Sample], scores: np.ndarray | None, rng: np.random.Generator) -> Sequence[int]:
        """Return the positions visited in one epoch where `weights` returns None; by default a random permutation."""
        return [int(i) for i in rng.permutation(len(samples))]
