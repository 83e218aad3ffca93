"""Gradient norms of every sample on its own, in batched passes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fairforget.lm.forward import evaluating
from fairforget.lm.logprobs import TokenLogprobs
from fairforget.lm.perturb import weight_groups
from fairforget.lm.recorder import Recorder, UnsupportedLayer
from fairforget.lm.tokens import SampleSet

Objective = Callable[[TokenLogprobs], torch.Tensor]
"""A number a sample (batch,), each a function of its own row alone."""

TOLERANCE = 1e-3
"""Relative; how far the batched norm of the sample that is checked may be from its own backward pass."""


@dataclass(frozen=True, slots=True, eq=False)
class GradientNorms:
    """Norms of the gradient of an objective with respect to all weights."""

    values: np.ndarray
    """(n,) float64."""
    batched: bool
    """Whether the batched way was right for this model; if not, each sample had a backward pass of its own."""


def gradient_norms(model: Any, samples: SampleSet, objective: Objective, *, batch_tokens: int = 4096) -> GradientNorms:
    """Return the norm of each sample's gradient with respect to every floating-point weight, tied weights once.

    One forward and one backward pass for a batch. One sample is also done alone: if the two disagree (a model that uses
    weights behind its layers' backs, or mixes the samples of a batch), all are done alone. The model's weights, modes,
    gradients and ``requires_grad`` flags are afterwards what they were.

    Args:
        model: a causal language model.
        samples: each with scored tokens.
        objective: what is differentiated.
        batch_tokens: padded tokens a batch, at most.

    Raises:
        FairforgetError: see `weight_groups`.
    """
    groups = weight_groups(model)
    buckets = sorted(samples.buckets(batch_tokens), key=len, reverse=True)  # the check needs a batch of several
    values = np.full(len(samples), np.nan)
    with evaluating(model), torch.enable_grad(), _flags(groups):
        try:
            for number, positions in enumerate(buckets):
                values[positions] = _batched(model, groups, samples.take(positions), objective)
                if number == 0:
                    _check(values[positions[0]], _one(model, groups, samples.take(positions[:1]), objective))
        except UnsupportedLayer as problem:
            logging.getLogger(__name__).info("gradients one sample at a time: %s", problem)
            alone = [_one(model, groups, samples.take([i]), objective) for i in range(len(samples))]
            return GradientNorms(np.array(alone), batched=False)
    return GradientNorms(values, batched=True)


def _batched(
    model: Any, groups: Sequence[list[torch.nn.Parameter]], samples: SampleSet, objective: Objective
) -> np.ndarray:
    for group in groups:
        for parameter in group:
            parameter.requires_grad = False
    batch = samples.batch(eos=False, device=groups[0][0].device)
    recorder = Recorder(model, groups, len(samples))
    try:
        torch.autograd.backward(objective(batch.logprobs(model)).sum())
    finally:
        recorder.close()
    return recorder.squared_norms.sqrt().cpu().numpy()


def _one(model: Any, groups: Sequence[list[torch.nn.Parameter]], sample: SampleSet, objective: Objective) -> float:
    parameters = [p for group in groups for p in group]
    for parameter in parameters:
        parameter.requires_grad = True
    batch = sample.batch(eos=False, device=parameters[0].device)
    loss = objective(batch.logprobs(model)).sum()
    found: Iterator[torch.Tensor | None] = iter(torch.autograd.grad(loss, parameters, allow_unused=True))
    total = 0.0
    for group in groups:
        parts = [g for g in (next(found) for _ in group) if g is not None]
        if parts:
            total += float(torch.stack(parts).sum(0).square().sum(dtype=torch.float64))
    return float(np.sqrt(total))


def _check(batched: float, alone: float) -> None:
    if not np.isclose(batched, alone, rtol=TOLERANCE, atol=0, equal_nan=True):
        raise UnsupportedLayer(f"batched norm {batched:.6g}, alone {alone:.6g}")


@contextmanager
def _flags(groups: Sequence[list[torch.nn.Parameter]]) -> Iterator[None]:
    wanted = [(p, p.requires_grad) for group in groups for p in group]
    try:
        yield
    finally:
        for parameter, flag in wanted:
            parameter.requires_grad = flag
