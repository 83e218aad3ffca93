"""The Sampler of `fairforget_torch_sampler.samplers` as a curriculum: all that a port has to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fairforget.api import Sample
from fairforget_torch_sampler.adapter import SamplerCurriculum

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch.utils.data import Sampler


@dataclass(frozen=True)
class LengthBuckets(SamplerCurriculum):
    """Samples of like length in one update, so that batches have little padding; updates in random order."""

    batch_size: Annotated[int, "samples of an update, as the study's optimizer has it", Field(ge=1)] = 8

    def sampler(self, samples: Sequence[Sample], scores: np.ndarray | None, generator: torch.Generator) -> Sampler[int]:
        """Return the Sampler over the characters of each text."""
        from fairforget_torch_sampler.samplers import BucketSampler  # torch loads when a cell runs, not before

        lengths = [len(sample.prompt) + len(sample.completion) for sample in samples]
        return BucketSampler(lengths, self.batch_size, generator)
