"""Splitting a model over the processes of a group by FSDP2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from fairforget.lm.sharded import Shards, is_sharded, local_part


def split(model: Any) -> Any:
    """Split a whole model's blocks, and what is around them, over all processes of the default group, in place.

    Every process has to hold the same weights, and gets the same outputs and the gradients of one process, for all of
    them pass the same samples: the mesh has a second axis of size one, which says so (`fairforget.lm.ranks`).

    Args:
        model: a causal language model of transformers, on any device; it ends on that of the mesh.
    """
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    kind = "cuda" if torch.cuda.is_available() else "cpu"
    mesh = init_device_mesh(kind, (1, dist.get_world_size()), mesh_dim_names=("replicate", "shard"))
    for block in blocks(model):
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model


def blocks(model: torch.nn.Module) -> list[torch.nn.Module]:
    """Return the blocks of which a model holds one behind the other: what its class says must stay in one piece."""
    names = set(getattr(model, "_no_split_modules", None) or ())
    return [module for module in model.modules() if type(module).__name__ in names and module is not model]


def copied(model: Any, fresh: Any) -> Any:
    """Return `fresh` with the weights of `model`, for FSDP copies no model itself.

    Args:
        model: split.
        fresh: of the same kind, split alike.
    """
    with torch.no_grad():
        Shards(model).settle()
        Shards(fresh).settle()
        for mine, other in zip(fresh.parameters(), model.parameters(), strict=True):
            local_part(mine).copy_(local_part(other))
            mine.requires_grad_(other.requires_grad)
        for mine, other in zip(fresh.buffers(), model.buffers(), strict=True):
            mine.copy_(other)
    return fresh.train(model.training)


def split_model(model: torch.nn.Module) -> bool:
    """Return whether processes have parts of the weights."""
    return any(is_sharded(parameter) for parameter in model.parameters())


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """Return all of a tensor of which each process has a part; all of them have to ask."""
    return tensor.full_tensor() if is_sharded(tensor) else tensor  # type: ignore[attr-defined]  # a DTensor


def load_whole(model: Any, weights: Mapping[str, torch.Tensor]) -> None:
    """Load whole weights into a model, of which each process may have a part.

    Args:
        model: takes them over in place.
        weights: the whole of all of them, in every process.

    Raises:
        RuntimeError: other names or shapes.
    """
    if not split_model(model):
        model.load_state_dict(weights)
        return
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict

    Shards(model).settle()
    set_model_state_dict(model, dict(weights), options=StateDictOptions(full_state_dict=True, strict=True))
