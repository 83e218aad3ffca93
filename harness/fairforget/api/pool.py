"""What a sampler sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fairforget.api.sample import Sample
from fairforget.api.score import HigherIs

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class PoolScore:
    """The score of every sample of a pool, on the target model as it was before any unlearning."""

    values: np.ndarray
    """(n,) in the order of `Pool.samples`; NaN = could not be scored."""
    higher_is: HigherIs
    reliability: float | None = None
    """Split-half reliability; None for a score without draws, or where it could not be told."""
    stderr: np.ndarray | None = None
    """(n,) standard errors; None for a score without draws, which tells it from one of unknown reliability."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The samples that may be forgotten, with what a sampler may choose by."""

    samples: tuple[Sample, ...]
    lengths: np.ndarray
    """(n,) number of scored tokens."""
    whole_groups: bool
    """Whether a draw has to consist of whole groups."""
    scores: Mapping[str, PoolScore] = field(default_factory=dict)
    """By the name in `Sampler.needs`."""
    taken: frozenset[str] = frozenset()
    """Ids that earlier draws of the stratum have, where the study wants draws that share no sample; not to be drawn.

    They stay in the pool, so that bins are cut as in every other draw.
    """

    def units(self) -> list[list[int]]:
        """Return what can be drawn: lists of positions in `samples`, one a group (or one a sample), in order."""
        if not self.whole_groups:
            return [[i] for i in range(len(self.samples))]
        groups: dict[str, list[int]] = {}
        for i, sample in enumerate(self.samples):
            groups.setdefault(sample.group if sample.group is not None else sample.id, []).append(i)
        return list(groups.values())
