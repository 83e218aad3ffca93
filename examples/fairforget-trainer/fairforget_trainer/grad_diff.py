"""The Trainer of `fairforget_trainer.trainers` as a method: all that a port has to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fairforget_trainer.adapter import TrainerMethod

if TYPE_CHECKING:
    from transformers import Trainer


@dataclass(frozen=True)
class GradDiff(TrainerMethod):
    """Gradient difference by a Trainer."""

    gamma: Annotated[float, "weight of the forget loss", Field(ge=0)] = 1.0
    alpha: Annotated[float, "weight of the retain loss", Field(ge=0)] = 1.0
    retain_loss: Annotated[Literal["NLL", "KL"], "of the retain samples, or their divergence from the target"] = "NLL"

    def trainer(self, **common: Any) -> Trainer:
        """Return the Trainer with these options."""
        from fairforget_trainer.trainers import GradDiffTrainer  # transformers loads when a cell runs, not before

        return GradDiffTrainer(self.gamma, self.alpha, self.retain_loss, **common)
