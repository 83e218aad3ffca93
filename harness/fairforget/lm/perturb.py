"""Moving a model's weights along seeded noise, and back, bit by bit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import torch

from fairforget.errors import FairforgetError
from fairforget.lm.sharded import Shards, fill_normal, local_part, sum_of_parts
from fairforget.lm.weights import Only, Weight, squared_norm, weights


class Perturbation:
    """The weights of a model while they may be moved; made by `perturbation`."""

    def __init__(self, model: torch.nn.Module, chosen: Sequence[Weight]) -> None:
        self.weights = tuple(w.parameters[0] for w in chosen)
        """What is moved, every weight once, in the model's order."""
        self.names = tuple(w.names[0] for w in chosen)
        """What the model calls each of `weights`; of several names the first."""
        self.shards = Shards(model)
        """Where the weights are split over processes."""
        self.home = True
        """Whether the weights are the original ones, as far as this has moved them."""
        self._saved = [local_part(w).detach().clone() for w in self.weights]

    @torch.no_grad()
    def move(self, seed: int, sigma: float, relative: bool = False) -> None:
        """Set every weight to its original plus N(0, sigma²) noise.

        The noise is drawn in place, weight by weight, from one generator a device: the same seed is the same direction,
        no matter what was drawn before, and no global generator is touched. Another choice of weights is another
        stream, so a layer moved alone does not get the noise it has when all are moved.

        Args:
            seed: of the direction, 0 … 2^63 - 1.
            sigma: standard deviation of the noise.
            relative: multiply it by each weight's own root mean square; what is all zeros then stays.

        Raises:
            FairforgetError: `relative`, and a weight is not finite.
        """
        self.shards.settle()
        scales = self._root_mean_squares if relative else [1.0] * len(self.weights)
        generators: dict[torch.device, torch.Generator] = {}
        self.home = False
        for weight, saved, scale in zip(self.weights, self._saved, scales, strict=True):
            generator = generators.get(saved.device)
            if generator is None:
                generator = torch.Generator(saved.device).manual_seed(_seed_of(seed, len(generators)))
                generators[saved.device] = generator
            fill_normal(weight, sigma * scale, generator)
            local_part(weight).add_(saved)

    @torch.no_grad()
    def reflect(self) -> None:
        """Go to the other side of the original weights: from θ + δ to θ - δ, without drawing δ again."""
        self.shards.settle()
        self.home = False
        for weight, saved in zip(self.weights, self._saved, strict=True):
            local_part(weight).neg_().add_(saved, alpha=2)

    def moved_share(self) -> float:
        """Return the share of the weights that are not the original ones; of split weights, in this process."""
        moved = sum(int((local_part(w) != saved).sum()) for w, saved in zip(self.weights, self._saved, strict=True))
        return moved / max(1, sum(saved.numel() for saved in self._saved))

    def restore(self) -> None:
        """Copy the original weights back; an interrupt that falls into the copying is raised after it is complete."""
        interrupt: BaseException | None = None
        while True:
            try:
                self._copy_back()
                self.shards.settle()
                self.home = True
                break
            except BaseException as error:
                if interrupt is not None and not isinstance(error, KeyboardInterrupt):
                    raise  # the device failed twice: there is nothing to go on with
                interrupt = error
        if interrupt is not None:
            raise interrupt

    @torch.no_grad()
    def _copy_back(self) -> None:
        # Copied, never subtracted: subtraction leaves a drift of the last bits.
        for weight, saved in zip(self.weights, self._saved, strict=True):
            local_part(weight).copy_(saved)

    @cached_property
    def _root_mean_squares(self) -> list[float]:
        found = [
            math.sqrt(float(sum_of_parts(squared_norm(saved), weight)) / weight.numel())
            for weight, saved in zip(self.weights, self._saved, strict=True)
        ]
        broken = [name for name, value in zip(self.names, found, strict=True) if not math.isfinite(value)]
        if broken:
            raise FairforgetError(f"{broken[0]} holds numbers that are not finite: noise relative to it has no size")
        return found


@contextmanager
def perturbation(model: Any, only: Only = "all") -> Iterator[Perturbation]:
    """Let weights of `model` be moved inside; afterwards they are bitwise what they were, whatever happened.

    Takes the memory of one copy of what is moved; of a model split by FSDP2, of this process's part of it, and of the
    largest weight while noise is drawn. All its processes have to do the same.

    Args:
        model: any module; frozen weights are moved like others.
        only: ``all``, ``adapters`` (what PEFT put in), ``base`` (all others), or glob patterns of parameter names.

    Raises:
        FairforgetError: see `fairforget.lm.weights.weights`.
    """
    moved = Perturbation(model, weights(model, only))
    try:
        try:
            yield moved
        except BaseException:
            moved.shards.recover()
            raise
        finally:
            moved.restore()
    finally:
        # An interrupt may fall between the end of the block and the first copy.
        if not moved.home:
            moved.restore()


def _seed_of(seed: int, device: int) -> int:
    """Return the seed for a device by its number: two devices with one seed would draw the same noise."""
    return seed if device == 0 else int(np.random.SeedSequence((seed, device)).generate_state(1, np.uint64)[0] >> 1)
