"""Answer "I don't know"."""

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
class Idk(LossMethod):
    r"""Learn a refusal to each forget prompt: :math:`L = w_f\,\mathrm{NLL}(\text{refusal}) + w_r R_r`.

    "PO" in SOUL and the MRD paper, "IDK" in TOFU; the true answer has no term. The two losses are computed apart, as
    in SOUL; TOFU and NPO's code put both into one batch, where the longer retain answers dominate the short refusals.
    A sample's refusal depends on the seed and the sample alone; open-unlearning draws it anew at every access.
    """

    forget_weight: Annotated[float, "weight of the refusal term", Field(ge=0)] = 1.0
    retain_weight: Annotated[float, "weight of the retain term", Field(ge=0)] = 1.0
    retain_loss: Annotated[RetainLoss, "NLL of the retain partners, or KL from the target on them"] = "nll"

    def loss(self, model: Any, batch: UnlearningBatch) -> torch.Tensor:
        """Return the refusal loss plus the retain term."""
        refusal = batch.refusal.nll(model, "tokens")
        return self.forget_weight * refusal + self.retain_weight * retain_term(self.retain_loss, model, batch)
