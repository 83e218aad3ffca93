"""What all plugins of a process share beside its settings: the code of libraries, and threads that go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch.nn import functional

_OF_LIBRARIES: Final = ("tqdm", "torch", "transformers", "huggingface_hub")
"""Packages that keep a thread for themselves once they are used."""
_PATIENCE: Final = 0.05
"""Seconds that a thread which is about to end gets."""


def code() -> dict[str, Callable[..., Any]]:
    """Return what runs when a layer does: the ``forward`` of every class of modules, and torch's functions."""
    found: dict[str, Callable[..., Any]] = {}
    waiting: list[type] = [torch.nn.Module]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if "forward" in vars(cls):
            found[f"{cls.__module__}.{cls.__qualname__}.forward"] = vars(cls)["forward"]
    own = {name: one for name, one in vars(functional).items() if callable(one) and not name.startswith("_")}
    return {**found, **{f"torch.nn.functional.{name}": one for name, one in own.items()}}


def patched(before: Mapping[str, Callable[..., Any]]) -> list[str]:
    """Return the names of what was there before and is something else now; what torch was given is put back."""
    now = code()
    changed = [name for name, one in before.items() if now.get(name) is not one]
    for name in changed:
        where, _, last = name.rpartition(".")
        if where == functional.__name__:
            setattr(functional, last, before[name])
    return changed


def threads() -> set[threading.Thread]:
    """Return the threads that run."""
    return {one for one in threading.enumerate() if not _own(one)}


def left_running(before: set[threading.Thread]) -> list[str]:
    """Return the names of the threads that were not there before, and do not end soon."""
    new = sorted(threads() - before, key=lambda one: one.name)
    for one in new:
        one.join(_PATIENCE)
    return [one.name for one in new if one.is_alive()]


def _own(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    modules = (type(thread).__module__, getattr(target, "__module__", None) or "")
    return any(module.partition(".")[0] in _OF_LIBRARIES for module in modules)
