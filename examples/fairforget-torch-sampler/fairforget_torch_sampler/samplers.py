"""A Sampler as people write them for a `torch.utils.data.DataLoader`; it knows nothing of fairforget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler


class BucketSampler(Sampler[int]):
    """Sorts by length, cuts into batches, and goes through the batches in random order.

    Among samples of one length the order is random, too, so that batches differ from epoch to epoch.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, generator: torch.Generator | None = None) -> None:
        """Take the length of every sample."""
        self.lengths = list(lengths)
        self.batch_size = batch_size
        self.generator = generator

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        shuffled: list[int] = torch.randperm(len(self), generator=self.generator).tolist()
        ordered = sorted(shuffled, key=lambda i: self.lengths[i])
        batches = [ordered[start : start + self.batch_size] for start in range(0, len(self), self.batch_size)]
        # A shorter batch comes last: in between, it would shift the borders of those that follow.
        short = [batches.pop()] if len(self) % self.batch_size else []
        for position in torch.randperm(len(batches), generator=self.generator).tolist():
            yield from batches[position]
        for batch in short:
            yield from batch
