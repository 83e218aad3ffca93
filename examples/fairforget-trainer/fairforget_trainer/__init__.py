"""Methods that are written as a `transformers.Trainer`.

`TrainerMethod` is what another Trainer needs to take part; `trainer-grad-diff` is one that does.
"""

from __future__ import annotations

from typing import Any

from fairforget import Entry, hookimpl

__all__ = ["TrainerMethod", "fairforget_methods"]


@hookimpl
def fairforget_methods() -> list[Entry]:
    """Name the methods."""
    return [Entry("trainer-grad-diff", "fairforget_trainer.grad_diff:GradDiff", "gradient difference, as a Trainer")]


def __getattr__(name: str) -> Any:
    # Discovery imports this module; it must not pay for what a method needs.
    if name == "TrainerMethod":
        from fairforget_trainer.adapter import TrainerMethod

        return TrainerMethod
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
