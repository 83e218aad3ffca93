"""One update a batch, by whatever optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.weak import WeakIdKeyDictionary

from fairforget.run.updates.failure import UnlearningFailed
from fairforget.run.updates.tally import Tally


class Steps:
    """Refuses the update for which no batch was taken.

    The trainers of a run and its optimizers share one count. Where `everywhere` is on, other optimizers are counted
    parameter by parameter, so that two may share a model between them.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._made = 0
        """Steps of what was followed."""
        self._others: Any = WeakIdKeyDictionary()
        """How often another optimizer moved a parameter."""
        self._known: Any = WeakIdKeyDictionary()
        """The optimizers that are followed."""

    def follow(self, optimizer: torch.optim.Optimizer) -> None:
        """Count each step of an optimizer as an update."""
        self._known[optimizer] = True
        optimizer.register_step_pre_hook(self._before)
        optimizer.register_step_post_hook(self._after)

    @contextmanager
    def everywhere(self, own: Callable[[], set[int]]) -> Iterator[None]:
        """While inside, count the steps of all of torch's optimizers.

        Args:
            own: the parameters, by ``id``, that it is an update to move now.
        """

        def moved(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
            if optimizer in self._known:
                return []
            names = own()
            return [p for group in optimizer.param_groups for p in group["params"] if id(p) in names]

        def before(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            if found := moved(optimizer):
                self._refuse(self._made + max(self._others.get(p, 0) for p in found))

        def after(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            for p in (found := moved(optimizer)):
                self._others[p] = self._others.get(p, 0) + 1
            if found:
                self._tally.count()

        hooks = [register_optimizer_step_pre_hook(before), register_optimizer_step_post_hook(after)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _before(self, *_: Any) -> None:
        self._refuse(self._made + max(self._others.values(), default=0))

    def _after(self, *_: Any) -> None:
        self._made += 1
        self._tally.count()

    def _refuse(self, made: int) -> None:
        if made >= self._tally.batches:
            raise UnlearningFailed(
                "over-budget",
                f"update {made + 1}, with {self._tally.batches} taken from run.batches(): every update needs a batch "
                "of its own, and they end when the budget is spent",
            )
