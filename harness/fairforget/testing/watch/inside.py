"""The state of a model beside its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch

_HOOKS: Final = tuple("_forward_hooks _forward_pre_hooks _backward_hooks _backward_pre_hooks _state_dict_hooks".split())


def form(model: torch.nn.Module) -> dict[str, Any]:
    """Return what a model is made of: modules, parameters with their kinds, hooks."""
    parameters = dict(model.named_parameters())
    return {
        "modules": tuple((name, type(module).__qualname__) for name, module in model.named_modules()),
        "shapes": {name: tuple(p.shape) for name, p in parameters.items()},
        "dtype": {name: p.dtype for name, p in parameters.items()},
        "device": {name: p.device for name, p in parameters.items()},
        "requires_grad": {name: p.requires_grad for name, p in parameters.items()},
        "hooks": _hooks(model),
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return in words what became of the form of a model."""
    told = []
    for what in ("modules", "shapes", "dtype", "device", "requires_grad", "hooks"):
        was, now = before[what], after[what]
        if was == now:
            continue
        if isinstance(was, dict):
            names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
            first = names[0]
            told.append(f"{what} of {len(names)} parameters, {first}: {was.get(first)} -> {now.get(first)}")
        else:
            left = [str(item) for item in now if item not in was] or [f"{item} is gone" for item in was]
            told.append(f"{what}: {', '.join(left[:3])}")
    return told


def training(model: torch.nn.Module) -> list[str]:
    """Return the modules that are in training mode, though the model was put into that of evaluation."""
    model.eval()
    return [name or "the model" for name, module in model.named_modules() if module.training]


def copied(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return copies of weights."""
    return {name: tensor.detach().clone() for name, tensor in weights.items()}


def differing(a: Mapping[str, torch.Tensor], b: Mapping[str, torch.Tensor]) -> list[str]:
    """Return the names of the tensors that are not bitwise the same."""
    return [name for name in {**a, **b} if name not in a or name not in b or not _same(a[name], b[name])]


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(a, b) or bytes(_raw(a)) == bytes(_raw(b))  # NaN is not equal to itself


def _raw(tensor: torch.Tensor) -> Any:
    return tensor.detach().cpu().contiguous().view(torch.uint8).numpy()


def _hooks(model: torch.nn.Module) -> tuple[str, ...]:
    found = []
    for name, module in model.named_modules():
        hooks = [(kind, hook) for kind in _HOOKS for hook in getattr(module, kind, {}).values()]
        found += [f"{kind[1:]} on {name or 'the model'}" for kind, hook in hooks if not _of_libraries(hook)]
        if "forward" in vars(module):
            found.append(f"another forward on {name or 'the model'}")
    for name, p in model.named_parameters():
        held = [*(p._backward_hooks or ()), *(getattr(p, "_post_accumulate_grad_hooks", None) or ())]  # noqa: SLF001 - torch says it nowhere else
        found += [f"a hook on {name}" for _ in held]
    return tuple(found)


def _of_libraries(hook: object) -> bool:
    """Return whether a hook is one that transformers puts up for itself, when hidden states are first asked for."""
    return str(getattr(hook, "__module__", "")).partition(".")[0] in {"torch", "transformers"}
