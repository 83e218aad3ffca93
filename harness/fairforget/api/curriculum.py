"""Curricula: the order in which a method meets the forget samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from fairforget.api.plugin import Plugin
from fairforget.api.sample import Sample
from fairforget.api.score import HigherIs
from fairforget.api.spec import PluginSpec

if TYPE_CHECKING:
    import numpy as np

ReplacedAfter = Literal["sample", "batch", "epoch"]
"""When a sample that was drawn may be drawn again: `Curriculum.replaced_after`."""


class Curriculum(Plugin):
    """Weights or an order for the forget samples of one epoch. The base class is the uniform order.

    An epoch meets as many samples as there are. The harness asks `prepare` after every scoring, and `weights` (or
    `order`) at the start of every epoch; the model, the optimizer and its state go on throughout.
    """

    def difficulty(self) -> PluginSpec | None:
        """Return the difficulty whose scores `weights` and `order` want, or None."""
        return None

    def refresh_every(self) -> int | None:
        """Return after how many epochs the scores are computed again on the model as it then is; None = never."""
        return None

    def replaced_after(self) -> ReplacedAfter:
        """Return when a sample that `weights` drew may be drawn again.

        ``sample``: at once, so draws are independent. ``batch``: in the next update, so no update meets a sample twice.
        ``epoch``: in the next epoch, so every sample is met once an epoch and weights decide the order alone.
        """
        return "sample"

    def prepare(
        self, samples: Sequence[Sample], scores: np.ndarray, higher_is: HigherIs, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the scores as `weights` and `order` get them, (n,); by default as they are.

        Args:
            samples: the forget samples.
            scores: (n,) as the difficulty gave them; NaN = could not be scored.
            higher_is: what the difficulty says of its direction.
            rng: a generator in the same state after every scoring of a cell.
        """
        return scores

    def weights(self, samples: Sequence[Sample], scores: np.ndarray | None, progress: float) -> np.ndarray | None:
        """Return sampling weights (n,), non-negative, or None to visit every sample once an epoch.

        Args:
            samples: the forget samples.
            scores: (n,) of `difficulty`, as `prepare` returned them, or None where there is none.
            progress: share of the budget spent, 0 … 1.
        """
        return None

    def order(self, samples: Sequence[Sample], scores: np.ndarray | None, rng: np.random.Generator) -> Sequence[int]:
        """Return the positions visited in one epoch where `weights` returns None; by default a random permutation."""
        return [int(i) for i in rng.permutation(len(samples))]
