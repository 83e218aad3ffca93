"""Gradient checkpointing: activations inside a model's blocks are computed again in the backward pass, not kept."""

from __future__ import annotations

from typing import Any, TypeVar

from fairforget.errors import FairforgetError

M = TypeVar("M", bound=Any)


def checkpointed(model: M) -> M:
    """Have a model keep only the inputs of its blocks for the backward pass; return it.

    Chen et al. 2016 (arXiv 1604.06174). A block that is run again gives what it gave: random numbers of dropout are the
    same, so losses and gradients are those of the model as it was. It works in training mode alone; passes in eval mode
    stay as they are.

    Args:
        model: a causal language model of transformers.

    Raises:
        FairforgetError: its architecture cannot do so.
    """
    # The older name is deprecated in newer versions of transformers, and the newer one missing in older ones.
    newer = getattr(model, "activation_checkpointing_enable", None)
    settings = {"use_reentrant": False}  # the other kind needs an input with a gradient, which adapters do not give
    try:
        if newer is not None:
            newer(activation_checkpointing_kwargs=settings)
        else:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=settings)
    except (AttributeError, ValueError) as error:
        msg = (
            f"{type(model).__name__} cannot have gradient checkpointing; remove model.gradient_checkpointing ({error})"
        )
        raise FairforgetError(msg) from error
    return model
