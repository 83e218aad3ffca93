"""One model under the study's optimizer: single updates, checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch

from fairforget.lm.curvature.bartlett import gauss_newton_bartlett
from fairforget.lm.in_parts import InParts
from fairforget.lm.live_adapter import LiveAdapter
from fairforget.lm.tokens import TokenBatch
from fairforget.run.seeds import integer
from fairforget.run.updates.failure import UnlearningFailed
from fairforget.run.updates.optimizers import make_optimizer, warmed


class ModelTrainer:
    """A `fairforget.api.Trainer`: optimizer, adapter, micro-batches and clipping as the study says."""

    def __init__(
        self,
        model: Any,
        settings: Mapping[str, Any],
        identity: tuple[str | int, ...],
        seen: Callable[[], Sequence[TokenBatch]],
    ) -> None:
        """Take over a model.

        Args:
            model: its parameters that want a gradient now are the ones updated.
            settings: ``optimizer`` of the cell.
            identity: what the random numbers depend on: an adapter's initial weights, tokens drawn for a Hessian.
            seen: the texts that the loss of this update looked at.

        Raises:
            FairforgetError: the adapter does not suit the model.
        """
        adapter = settings.get("adapter")
        self.model = model
        self._settings = settings
        self._identity = identity
        self._adapter = None if adapter is None else LiveAdapter(model, adapter, integer(*identity, "adapter"))
        self._parameters = (
            [p for p in model.parameters() if p.requires_grad] if self._adapter is None else self._adapter.parameters
        )
        rows = settings.get("micro_batch_size")
        self._passes = model if rows is None else InParts(model, rows)
        self.optimizer = make_optimizer(settings, self._parameters, self._gauss_newton)
        self._seen = seen
        self._taken = self._looks = 0

    def update(self, loss: Callable[[Any, Any], torch.Tensor], batch: Any) -> None:
        """Minimise ``loss(model, batch)`` by one update.

        Raises:
            UnlearningFailed: the loss or its gradient is not finite, or an update was made with every batch that was
                taken; the update is not taken.
        """
        if not self.model.training:
            self.model.train()
        with nullcontext() if self._adapter is None else self._adapter.inside():
            self.optimizer.zero_grad(set_to_none=True)
            value = loss(self._passes, batch)
            self._check(float(value.detach()), "loss")
            value.backward()
            clip = self._settings["max_grad_norm"]
            norm = torch.nn.utils.clip_grad_norm_(self._parameters, clip if clip is not None else math.inf)
            self._check(float(norm), "gradient norm")
            warmed(self.optimizer, self._settings["lr"], self._taken, self._settings["warmup"])
            self.optimizer.step()
        self._taken += 1

    def _gauss_newton(self) -> list[torch.Tensor]:
        """Estimate the curvature on the texts that the loss looked at."""
        device = self._parameters[0].device
        generator = torch.Generator(device).manual_seed(integer(*self._identity, "hessian", self._looks))
        self._looks += 1
        return gauss_newton_bartlett(self._passes, self._seen(), self._parameters, generator)

    def _check(self, value: float, what: str) -> None:
        if not math.isfinite(value):
            raise UnlearningFailed(
                f"non-finite-{what.replace(' ', '-')}",
                f"the {what} is {value} at update {self._taken + 1}; lower the learning rate or the budget",
            )
