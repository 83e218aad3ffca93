"""What a process needs at its peak, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairforget.run.memory.model_size import ModelSize

STATES: Final = {"adamw": 2, "sgd": 0, "sophia": 2}
"""Numbers that an optimizer keeps for each weight it updates."""
MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """What something takes at the peak, in bytes."""

    name: str
    likely: float
    least: float = 0.0
    """Without which it is impossible. Files in the cache of the system count nothing: it takes their memory back."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a process holds at once."""

    what: str
    """What it does then."""
    parts: tuple[Part, ...]

    @property
    def likely(self) -> float:
        """Bytes that are expected."""
        return sum(part.likely for part in self.parts)

    @property
    def least(self) -> float:
        """Bytes below which it cannot run."""
        return sum(part.least for part in self.parts)


@dataclass(frozen=True, slots=True)
class Work:
    """What a process does that trains a model."""

    what: str
    optimizer: Mapping[str, Any]
    """``name``, and ``adapter`` and ``micro_batch_size`` where there are any."""
    rows: int
    """Texts whose activations are kept at once where there are no micro-batches."""
    tokens: int
    """Of the longest text."""
    checkpointing: bool
    certain: bool
    """Whether it is sure that gradients and the optimizer's numbers are held for every weight; a method with a loop of
    its own may do with less."""
    copies: int = 0
    """Further copies of the weights that the method holds."""


def need_of(model: ModelSize, work: Work) -> Need:
    """Return what an update of a cell, or of a target that is trained, holds."""
    adapter = work.optimizer.get("adapter")
    trained, beside = model.parameters, 0
    if adapter is not None:
        weights, trained = model.adapted(adapter)
        beside = trained + 2 * weights  # the factors; and the weights, with the adapter in them and without
    parts = [model_part(model)]
    if adapter is not None:
        parts.append(Part("adapter", beside * model.element))
    # Which modules an adapter finds is known for sure only when it is there.
    sure = model.certain if work.certain and adapter is None else 0
    kind = str(work.optimizer["name"])
    for name, times in (("gradients", 1), (kind, STATES.get(kind, 0))):
        parts.append(Part(name, times * trained * model.element, times * sure * model.element))
    if work.copies:
        parts.append(Part("copies of the method", work.copies * model.weights))
    parts.append(Part("activations", activations(model, work)))
    return Need(work.what, tuple(part for part in parts if part.likely))


def model_part(model: ModelSize) -> Part:
    """Return the weights of the model that is worked on, a copy of the target's."""
    return Part("model", model.weights, model.certain * model.element)


def activations(model: ModelSize, work: Work) -> float:
    """Return the bytes that are kept for the backward pass of an update, every text as long as the longest."""
    micro = work.optimizer.get("micro_batch_size")
    rows = work.rows if micro is None else min(work.rows, int(micro))
    # The loss looks at the logits of the whole batch, however few rows go through the model at once.
    return rows * work.tokens * model.kept(checkpointing=work.checkpointing) + work.rows * work.tokens * model.logits()
