"""Moving a model's weights along seeded noise, and back, bit by bit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch

from fairforget.errors import FairforgetError


def weight_groups(model: Any) -> list[list[torch.nn.Parameter]]:
    """Return the floating-point parameters in the model's order, those that are one tensor in memory together.

    Tied embeddings are one weight, whether the model ties the parameter or only its memory.

    Raises:
        FairforgetError: two parameters overlap without being the same tensor, so neither can be moved alone.
    """
    groups: dict[tuple[Any, ...], list[torch.nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.is_floating_point() and parameter.numel():
            key = (parameter.device, parameter.data_ptr(), parameter.shape, parameter.stride(), parameter.dtype)
            groups.setdefault(key, []).append(parameter)
    spans = sorted((str(p.device), p.data_ptr(), _last_byte(p)) for p, *_ in groups.values())
    for (device, _, stop), (other, start, _) in pairwise(spans):
        if device == other and start < stop:
            raise FairforgetError(
                f"{type(model).__name__} has parameters that overlap in memory without being the same tensor; "
                "give each a memory of its own (parameter.data = parameter.data.clone()) before it is scored"
            )
    return list(groups.values())


def _last_byte(parameter: torch.Tensor) -> int:
    extent = 1 + sum((size - 1) * stride for size, stride in zip(parameter.shape, parameter.stride(), strict=True))
    return parameter.data_ptr() + extent * parameter.element_size()


def require_full_precision(model: Any, what: str) -> None:
    """Refuse a model with weights in half precision, where small noise and small gradients are rounded away.

    Raises:
        FairforgetError: with the dtype found and the mend.
    """
    half = {str(p.dtype) for p in model.parameters() if p.is_floating_point() and torch.finfo(p.dtype).bits < 32}
    if half:
        raise FairforgetError(
            f"{what} needs weights in float32, but {type(model).__name__} has weights in "
            f"{', '.join(sorted(half)).replace('torch.', '')}; in the study, write dtype: float32 under model"
        )


def root_mean_square(weights: Sequence[torch.Tensor]) -> float:
    """Return the root mean square over all elements of `weights`."""
    total = sum(float(w.detach().double().square().sum()) for w in weights)
    return math.sqrt(total / max(1, sum(w.numel() for w in weights)))


class Perturbation:
    """The weights of a model while they may be moved; made by `perturbation`."""

    def __init__(self, weights: Sequence[torch.Tensor]) -> None:
        self.weights = tuple(weights)
        """Every weight once, in the model's order."""
        self._saved = [w.detach().clone() for w in self.weights]

    @torch.no_grad()
    def move(self, seed: int, sigma: float) -> None:
        """Set every weight to its original plus N(0, sigma²) noise.

        The noise is drawn in place, weight by weight, from one generator a device seeded by `seed`: the same seed is
        the same direction, no matter what was drawn before, and no global generator is touched.
        """
        generators: dict[torch.device, torch.Generator] = {}
        for weight, saved in zip(self.weights, self._saved, strict=True):
            if weight.device not in generators:
                generators[weight.device] = torch.Generator(weight.device).manual_seed(seed)
            weight.normal_(0.0, sigma, generator=generators[weight.device]).add_(saved)

    @torch.no_grad()
    def reflect(self) -> None:
        """Go to the other side of the original weights: from θ + δ to θ - δ, without drawing δ again."""
        for weight, saved in zip(self.weights, self._saved, strict=True):
            weight.neg_().add_(saved, alpha=2)

    def restore(self) -> None:
        """Copy the original weights back; an interrupt that falls into the copying is raised after it is complete."""
        try:
            self._copy_back()
        except BaseException:
            self._copy_back()
            raise

    @torch.no_grad()
    def _copy_back(self) -> None:
        # Copied, never subtracted: subtraction leaves a drift of the last bits.
        for weight, saved in zip(self.weights, self._saved, strict=True):
            weight.copy_(saved)


@contextmanager
def perturbation(model: Any) -> Iterator[Perturbation]:
    """Let the weights of `model` be moved inside; afterwards they are bitwise what they were, whatever happened.

    All floating-point parameters are moved, frozen ones and adapters included. Takes the memory of one copy of them.

    Raises:
        FairforgetError: see `weight_groups`.
    """
    moved = Perturbation([group[0] for group in weight_groups(model)])
    try:
        yield moved
    finally:
        moved.restore()
