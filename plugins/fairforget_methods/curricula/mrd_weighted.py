"""Easy samples more often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from fairforget.api import Curriculum, PluginSpec

if TYPE_CHECKING:
    from fairforget.api import Sample


@dataclass(frozen=True)
class MrdWeighted(Curriculum):
    r"""Sample with replacement, :math:`p_i = \mathrm{MRD}_i / \sum_j \mathrm{MRD}_j`.

    Algorithm 2 of arXiv 2504.06658: CGA is ``grad-ascent`` under this curriculum, "X + MRD" is X under it. The paper
    gives neither m nor whether it draws with replacement; the only public code draws with replacement and refreshes
    every epoch, and restarts the optimizer each time, which this does not: the optimizer's state is kept. The scores
    cost forward passes, which the ledger counts. A floor keeps hard samples from being met too rarely:
    :math:`p \leftarrow (1-\lambda)p + \lambda/N`.
    """

    by: Annotated[str | Mapping[str, Any], "the difficulty whose value is the weight"] = "mrd"
    refresh: Annotated[int, "epochs between two scorings (the paper's m)", Field(ge=1)] = 1
    floor: Annotated[float, "share of uniform weight mixed in (lambda)", Field(ge=0, le=1)] = 0.0

    def difficulty(self) -> PluginSpec | None:
        """Return the difficulty named by ``by``."""
        if isinstance(self.by, str):
            return PluginSpec(self.by)
        return PluginSpec(str(self.by["name"]), {k: v for k, v in self.by.items() if k != "name"})

    def refresh_every(self) -> int | None:
        """Return m."""
        return self.refresh

    def weights(self, samples: Sequence[Sample], scores: np.ndarray | None, progress: float) -> np.ndarray | None:
        """Return p (n,); samples without a score get the mean of the others, and uniform where no score is left."""
        if scores is None:
            return None
        finite = np.isfinite(scores)
        values = np.where(finite, np.clip(scores, 0.0, None), 0.0)
        if not finite.any() or values.sum() <= 0:
            return np.full(len(samples), 1 / len(samples))
        values = np.where(finite, values, values[finite].mean())
        weights: np.ndarray = (1 - self.floor) * values / values.sum() + self.floor / len(samples)
        return weights
