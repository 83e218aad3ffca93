"""One model under the study's optimizer: single updates, checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch

from fairforget.errors import FairforgetError
from fairforget.lm.curvature.bartlett import gauss_newton_bartlett
from fairforget.lm.in_parts import InParts
from fairforget.lm.live_adapter import LiveAdapter
from fairforget.lm.split import split_model, whole
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
            FairforgetError: the adapter does not suit the model, the optimizer its type, or the model is split and the
                optimizer not for that.
        """
        if split_model(model):
            _refuse_whole_only(settings)
        adapter = settings.get("adapter")
        self.model = model
        self._settings = settings
        self._identity = identity
        self._adapter = None if adapter is None else LiveAdapter(model, adapter, integer(*identity, "adapter"))
        self._parameters = (
            [p for p in model.parameters() if p.requires_grad] if self._adapter is None else self._adapter.parameters
        )
        if adapter is None:
            _refuse_lost_squares(settings, self._parameters)
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
            self._check(float(whole(norm)), "gradient norm")
            warmed(self.optimizer, self._settings["lr"], self._taken, self._settings["warmup"])
            self.optimizer.step()
            # A look between two updates needs the memory; the next update makes its own.
            self.optimizer.zero_grad(set_to_none=True)
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


def _refuse_lost_squares(settings: Mapping[str, Any], parameters: Sequence[torch.Tensor]) -> None:
    """Refuse an optimizer that divides by a mean square where squares of usual gradients are 0: steps are infinite.

    Below the root of the least number above 0, 2.4e-4 in float16, a gradient's square is 0, and eps is the divisor.
    """
    eps = settings.get("eps")
    if eps is None or not any(p.dtype == torch.float16 for p in parameters):
        return
    if eps < math.sqrt(torch.finfo(torch.float16).smallest_normal / 1024) / 10:
        msg = (
            f"{settings['name']} squares gradients, and in float16, the type of the weights, the squares of small ones "
            f"are 0 and eps ({eps:g}) is all that it divides by; write model.dtype: bfloat16 or float32, let an "
            "adapter unlearn (optimizer.adapter), or give optimizer.eps: 1.0e-4"
        )
        raise FairforgetError(msg)


def _refuse_whole_only(settings: Mapping[str, Any]) -> None:
    """Refuse what needs whole weights in one process: it would fail, or go on with wrong gradients."""
    if settings.get("adapter") is not None:
        told = "optimizer.adapter puts a LoRA adapter beside whole weights"
    elif settings["name"] == "sophia" and settings["hessian"] == "gnb":
        told = "sophia takes its curvature (hessian: gnb) from whole weights"
    else:
        return
    raise FairforgetError(f"{told}, and this model is split over processes; take another optimizer, or --engine local")
