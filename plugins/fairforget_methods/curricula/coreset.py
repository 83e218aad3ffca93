"""A few of the forget samples, again and again."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from fairforget.api import Curriculum

if TYPE_CHECKING:
    from fairforget.api import Sample


@dataclass(frozen=True)
class Coreset(Curriculum):
    """Draw from a random part of the forget samples only, as many as there are samples in an epoch.

    Pal et al. (arXiv 2504.10185) find that 5 % of a forget set unlearn about as well as all of it. Beside a curriculum
    that gives weights it is the control of whether which samples are met matters at all. Draws are with replacement;
    ``share: 1`` is what to compare with, at the same number of updates. A smaller part lies inside a larger one of the
    same seed. Who is in it depends on the ids of the samples and on `seed`, not on the seed of the cell, so that the
    seeds of a draw differ by training alone.
    """

    share: Annotated[float, "part of the forget samples that is met; at least one is", Field(gt=0, le=1)] = 0.05
    seed: Annotated[int, "another random part", Field(ge=0)] = 0

    def weights(self, samples: Sequence[Sample], scores: np.ndarray | None, progress: float) -> np.ndarray:
        """Return 1 for the samples of the part and 0 for the others, (n,)."""
        ranks = np.argsort(np.argsort([self._place(sample) for sample in samples], kind="stable"))
        # What is a whole number up to the rounding of the product is that number.
        wanted = max(1, math.ceil(round(self.share * len(samples), 9)))
        return (ranks < wanted).astype(float)

    def _place(self, sample: Sample) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed}:{sample.id}".encode()).digest()[:7])
