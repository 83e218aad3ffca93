"""Uniformly random forget sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairforget.api import Pool, Sampler
from fairforget_samplers.units import take

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Random(Sampler):
    """Draws from the whole pool, uniformly and without replacement, whole groups where the task has groups."""

    @property
    def strata(self) -> Sequence[str]:
        """One stratum, the pool."""
        return ("random",)

    def draw(self, pool: Pool, stratum: str, size: int, rng: np.random.Generator) -> Sequence[str]:
        """Return the ids of one forget set; see `fairforget_samplers.units.take` for groups of unlike size."""
        return take(pool, pool.units(), stratum, size, rng)
