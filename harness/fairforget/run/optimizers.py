"""Optimizers by name, as a study names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def make_optimizer(settings: Mapping[str, Any], model: torch.nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of a cell over the trainable parameters of `model`."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    lr, decay = settings["lr"], settings["weight_decay"]
    if settings["name"] == "sgd":
        return torch.optim.SGD(parameters, lr=lr, weight_decay=decay)
    betas = (settings["betas"][0], settings["betas"][1])
    return torch.optim.AdamW(parameters, lr=lr, betas=betas, eps=settings["eps"], weight_decay=decay)


def warmed(optimizer: torch.optim.Optimizer, base: float, update: int, warmup: int) -> None:
    """Set the learning rate of update number `update` (from 0): linear over `warmup` updates, then `base`."""
    rate = base * min(1.0, (update + 1) / warmup) if warmup else base
    for group in optimizer.param_groups:
        group["lr"] = rate
