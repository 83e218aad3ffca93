"""Weights as they were, and whether they are so again."""

from __future__ import annotations

import torch


def weights_of(model: torch.nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.parameters()]


def same_bits(model: torch.nn.Module, before: list[torch.Tensor]) -> bool:
    return all(
        torch.equal(p.view(torch.int32), b.view(torch.int32)) for p, b in zip(model.parameters(), before, strict=True)
    )


def changed(model, before) -> set[str]:
    """Names of the parameters that are not what they were; of several names of one, all."""
    named = dict(model.named_parameters(remove_duplicate=False))
    return {name for name, p in named.items() if not torch.equal(p, before[name])}


def copies(model) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters(remove_duplicate=False)}
