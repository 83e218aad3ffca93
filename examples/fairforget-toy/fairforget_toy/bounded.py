"""A method that is a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fairforget.api import LossMethod

if TYPE_CHECKING:
    import torch

    from fairforget.api import UnlearningBatch


@dataclass(frozen=True)
class Bounded(LossMethod):
    """Ascend on each forget sample until its mean token loss reaches a bound; descend on retain."""

    bound: Annotated[float, "nats a token beyond which a sample is left alone"] = 3.0

    def loss(self, model: Any, batch: UnlearningBatch) -> torch.Tensor:
        """Return the bounded difference."""
        return -batch.forget.nll(model, "mean").clamp_max(self.bound).mean() + batch.retain.nll(model)
