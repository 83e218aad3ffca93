"""A ledger that tells of every pass, and torch's own count of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from fairforget.run.counting.ledger import Ledger

Hear = Callable[[tuple[Any, ...], dict[str, Any], Any], None]
"""Hears of a pass: the arguments of the call, and what it returned."""


@dataclass
class ToldLedger(Ledger):
    """The harness's ledger, which tells somebody of what it books."""

    hear: list[Hear] = field(default_factory=list)

    def _see(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any, parts: Any, again: bool) -> None:
        super()._see(args, kwargs, output, parts, again)
        for one in self.hear:
            one(args, kwargs, output)


class Embedded(TorchDispatchMode):
    """Counts the rows whose tokens are embedded, and those whose gradient comes back to an embedding.

    Below every class and every copy: whatever takes tokens through a model of these sizes looks them up.
    """

    def __init__(self, model: Any) -> None:
        """Count for models with as many tokens, of as many dimensions."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._size = model.get_input_embeddings().weight.shape
        self.forward = 0
        self.backward = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.embedding.default and args[0].shape == self._size and args[1].dim() > 1:
            self.forward += args[1].shape[0]
        elif func is torch.ops.aten.embedding_dense_backward.default and args[2] == self._size[0]:
            self.backward += args[1].shape[0] if args[1].dim() > 1 else 1
        return func(*args, **(kwargs or {}))


class Operations(TorchDispatchMode):
    """Counts what torch computes."""

    def __init__(self) -> None:
        """Begin at nothing."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))
