"""Gradient ascent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from fairforget.api import LossMethod

if TYPE_CHECKING:
    import torch

    from fairforget.api import UnlearningBatch


@dataclass(frozen=True)
class GradAscent(LossMethod):
    r"""Ascend on the forget loss: :math:`L = -\mathrm{NLL}_f`.

    Known as GA and SGA; CGA (arXiv 2504.06658, Algorithm 2) is this method under the curriculum ``mrd-weighted``.
    Sources (TOFU, NPO's code, MUSE, open-unlearning) take the mean over all tokens of the batch, ``tokens``; with
    ``mean`` a long sample weighs no more than a short one. Unbounded below: with a large budget the model collapses.
    """

    uses_retain: ClassVar[bool] = False

    reduction: Annotated[
        Literal["tokens", "mean", "sum"], "mean over the tokens of the batch, or mean or sum over each sample's"
    ] = "tokens"

    def loss(self, model: Any, batch: UnlearningBatch) -> torch.Tensor:
        """Return minus the forget loss."""
        return -batch.forget.nll(model, self.reduction).mean()
