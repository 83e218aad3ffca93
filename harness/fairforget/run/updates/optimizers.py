"""Optimizers by name, as a study names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from fairforget.run.updates.sophia import Sophia, Squares


def make_optimizer(
    settings: Mapping[str, Any], parameters: Sequence[torch.Tensor], gauss_newton: Squares
) -> torch.optim.Optimizer:
    """Return the optimizer of a cell.

    Args:
        settings: ``optimizer`` of the cell.
        parameters: what it updates.
        gauss_newton: estimates the diagonal of the Gauss-Newton matrix, for an optimizer that asks for it.
    """
    lr, decay = settings["lr"], settings["weight_decay"]
    if settings["name"] == "sgd":
        return torch.optim.SGD(parameters, lr=lr, weight_decay=decay)
    betas = (settings["betas"][0], settings["betas"][1])
    if settings["name"] == "adamw":
        return torch.optim.AdamW(parameters, lr=lr, betas=betas, eps=settings["eps"], weight_decay=decay, fused=True)
    return Sophia(
        parameters,
        gauss_newton if settings["hessian"] == "gnb" else None,
        lr=lr,
        betas=betas,
        rho=settings["rho"],
        eps=settings["eps"],
        weight_decay=decay,
        every=settings["hessian_every"],
    )


def warmed(optimizer: torch.optim.Optimizer, base: float, update: int, warmup: int) -> None:
    """Set the learning rate of update number `update` (from 0): linear over `warmup` updates, then `base`."""
    rate = base * min(1.0, (update + 1) / warmup) if warmup else base
    for group in optimizer.param_groups:
        group["lr"] = rate
