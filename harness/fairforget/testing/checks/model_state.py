"""What a model is like, so that what a plugin has done to it can be told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

_HOOKS: Final = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_state_dict_hooks",
)  # fmt: skip


class Interrupted(RuntimeError):
    """Raised by the kit in the middle of a forward pass."""


def weights_of(model: Any) -> dict[str, str]:
    """Return a digest of the bytes, the type and the shape of every parameter and buffer, by name."""
    found = {}
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        data = tensor.detach().cpu().contiguous()
        whole = hashlib.sha256(f"{data.dtype} {tuple(data.shape)}".encode())
        whole.update(data.reshape(-1).view(dtype=_bytes()).numpy().tobytes() if data.numel() else b"")
        found[name] = whole.hexdigest()
    return found


def modes_of(model: Any) -> dict[str, Any]:
    """Return what else a plugin may leave changed: modes, gradients, hooks, the device."""
    modules = dict(model.named_modules())
    return {
        "train or eval mode": {name: module.training for name, module in modules.items()},
        "requires_grad": {name: p.requires_grad for name, p in model.named_parameters()},
        "gradients": {name: p.grad is not None for name, p in model.named_parameters()},
        "hooks": {name: sum(_hooks(m, kind) for kind in _HOOKS) for name, m in modules.items()},
        "modules": sorted((name, type(module).__qualname__) for name, module in modules.items()),
        "device": sorted({str(p.device) for p in model.parameters()}),
        "config": _settings(getattr(model, "config", None)),
        "generation_config": _settings(getattr(model, "generation_config", None)),
    }


def tokenizer_of(tokenizer: Any) -> dict[str, Any]:
    """Return what a plugin may leave changed of a tokenizer: how it pads and cuts, and the tokens it knows."""
    names = ("padding_side", "truncation_side", "model_max_length", "special_tokens_map", "chat_template")
    return {**{name: getattr(tokenizer, name, None) for name in names}, "number of tokens": len(tokenizer)}


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names under which two descriptions differ."""
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def passes_through(model: Any, run: Callable[[], object]) -> int:
    """Return how many forward passes a call makes, told by the embedding of the tokens."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    handle = model.get_input_embeddings().register_forward_pre_hook(note)
    try:
        run()
    finally:
        handle.remove()
    return count


@contextmanager
def interrupted_at(model: Any, number: int) -> Iterator[None]:
    """Raise `Interrupted` in the forward pass of this number, counted from 1."""
    count = 0

    def stop(*_: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise Interrupted(f"the kit interrupts forward pass {number}")

    handle = model.get_input_embeddings().register_forward_pre_hook(stop)
    try:
        yield
    finally:
        handle.remove()


def _hooks(module: Any, kind: str) -> int:
    """Return how many hooks of a kind a module has; those that transformers puts there for itself do not count."""
    own = [getattr(hook, "__module__", None) or "" for hook in getattr(module, kind, {}).values()]
    return sum(1 for name in own if not name.startswith("transformers"))


def _settings(config: Any) -> dict[str, str] | None:
    return None if config is None else {name: repr(value) for name, value in config.to_dict().items()}


def _bytes() -> Any:
    import torch

    return torch.uint8
