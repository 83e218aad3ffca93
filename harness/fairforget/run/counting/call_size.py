"""How much goes through one call of a model, or of a part of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

_INPUTS = ("input_ids", "inputs_embeds", "hidden_states")


def call_size(args: Sequence[Any], kwargs: Mapping[str, Any], output: Any) -> tuple[int, int]:
    """Return (sequences, tokens without padding) of a call that has run.

    A sequence is a row of a batch. A call that continues cached sequences has tokens but no further sequence; so has
    one whose positions (n, width) have lost their rows. Under ``vmap`` the mapped dimensions count.
    """
    inputs = next((t for t in _candidates(args, kwargs, output) if isinstance(t, torch.Tensor) and t.dim() > 0), None)
    if inputs is None:
        return 0, 0
    copies = _mapped(next(tensors(output), inputs))
    if inputs.is_floating_point() and inputs.dim() < 3:
        return 0, copies * inputs.shape[0]
    rows, width = inputs.shape[:2] if inputs.dim() > 1 else (1, inputs.shape[0])
    cache: Any = kwargs.get("past_key_values")
    # It already holds this call's tokens.
    if hasattr(cache, "get_seq_length") and cache.get_seq_length() > width:
        return 0, copies * rows * width
    mask = kwargs.get("attention_mask", args[1] if len(args) > 1 else None)
    if isinstance(mask, torch.Tensor) and mask.shape == (rows, width) and not _wrapped(mask):
        return copies * rows, copies * int(mask.sum())
    return copies * rows, copies * rows * width


def _candidates(args: Sequence[Any], kwargs: Mapping[str, Any], output: Any) -> Iterator[Any]:
    yield from args[:1]
    for name in _INPUTS:
        yield kwargs.get(name)
    yield from args[1:]
    yield from kwargs.values()
    yield from tensors(output)


def tensors(output: Any) -> Iterator[torch.Tensor]:
    """Yield every float tensor inside what a model returned."""
    if isinstance(output, torch.Tensor):
        if output.is_floating_point():
            yield output
    elif isinstance(output, dict):
        for value in output.values():
            yield from tensors(value)
    elif isinstance(output, list | tuple):
        for value in output:
            yield from tensors(value)


def _mapped(tensor: torch.Tensor) -> int:
    """Return how many values ``vmap`` computes for one that is seen."""
    copies, functorch = 1, torch._C._functorch  # noqa: SLF001 - there is no other way to see behind the transforms
    while functorch.is_functorch_wrapped_tensor(tensor):
        inner = functorch.get_unwrapped(tensor)
        if functorch.is_batchedtensor(tensor):
            copies *= inner.shape[functorch.maybe_get_bdim(tensor)]
        tensor = inner
    return copies


def _wrapped(tensor: torch.Tensor) -> bool:
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))  # noqa: SLF001
