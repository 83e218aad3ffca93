"""Task arithmetic: walk away from the weights that know the draw better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from fairforget.api import Method, Search

if TYPE_CHECKING:
    import torch

    from fairforget.api import UnlearningBatch, UnlearningRun


@dataclass(frozen=True)
class TaskVector(Method):
    r"""Fine-tune on the forget samples, and go the opposite way from the target.

    :math:`\theta_u = \theta - \alpha\,(\theta_{ft} - \theta)`.

    Ilharco et al. 2023 (arXiv 2212.04089), as MUSE applies it. The budget is spent on the fine-tuning, whose loss is
    the mean over the tokens of the batch. MUSE subtracts checkpoints in bfloat16 once, at the end; here the difference
    is taken in float32 after every update, so that a stop rule or a trajectory sees what would be delivered.

    MUSE chooses alpha among 1, 2, 4, 8 and 16 on the test metric, and uses 5: tune it. The default is what keeps
    utility at the budget of the study ``quickstart``; the longer the fine-tuning, the smaller it should be. Where the
    study trains an adapter, the vector is the difference of the merged weights.
    """

    uses_retain: ClassVar[bool] = False
    copies: ClassVar[int] = 2

    alpha: Annotated[
        float, "how far to go, in lengths of the fine-tuning's way", Field(gt=0), Search(0.5, 16.0, log=True)
    ] = 3.0

    def unlearn(self, run: UnlearningRun) -> None:
        """Fine-tune a second model on the forget samples, and keep the first opposite to it."""
        start = {name: p.detach().clone() for name, p in run.model.named_parameters() if p.requires_grad}
        tuned = run.second_model()
        trainer = run.trainer(tuned)
        for batch in run.batches():
            trainer.update(_forget_loss, batch)
            walk_away(run.model, start, tuned, self.alpha)


def walk_away(model: Any, start: Mapping[str, torch.Tensor], tuned: Any, alpha: float) -> None:
    """Set the weights of `model` named in `start` to start − alpha · (tuned − start), computed in float32."""
    import torch

    there, here = dict(tuned.named_parameters()), dict(model.named_parameters())
    with torch.no_grad():
        for name, origin in start.items():
            here[name].copy_(torch.lerp(origin.float(), there[name].float(), -alpha))


def _forget_loss(model: Any, batch: UnlearningBatch) -> torch.Tensor:
    return batch.forget.nll(model, "tokens")
