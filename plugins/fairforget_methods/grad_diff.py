"""Gradient difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from fairforget.api import LossMethod
from fairforget_methods.retain_term import RetainLoss, retain_term

if TYPE_CHECKING:
    import torch

    from fairforget.api import UnlearningBatch


@dataclass(frozen=True)
class GradDiff(LossMethod):
    r"""Ascend on forget, descend on retain: :math:`L = -w_f\,\mathrm{NLL}_f + w_r\,R_r`.

    Liu et al. 2022; both parts are means over the tokens of their batch. TOFU and NPO use weights 1 and 1.
    Open-unlearning writes gamma for the forget weight, SOUL and WAGLE write gamma for the retain weight (.3 and 1 on
    TOFU): the same letter for opposite sides, so neither is used here.
    """

    forget_weight: Annotated[float, "weight of the forget term", Field(ge=0)] = 1.0
    retain_weight: Annotated[float, "weight of the retain term", Field(ge=0)] = 1.0
    retain_loss: Annotated[RetainLoss, "NLL of the retain partners, or KL from the target on them"] = "nll"

    def loss(self, model: Any, batch: UnlearningBatch) -> torch.Tensor:
        """Return the weighted difference."""
        forget = batch.forget.nll(model, "tokens")
        return -self.forget_weight * forget + self.retain_weight * retain_term(self.retain_loss, model, batch)
