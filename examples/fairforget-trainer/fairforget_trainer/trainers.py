"""A Trainer as people write them for open-unlearning; it knows nothing of fairforget."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch.nn.functional import kl_div, log_softmax
from transformers import Trainer

RetainLoss = Literal["NLL", "KL"]


class GradDiffTrainer(Trainer):
    """Ascends on the forget half of a batch and descends on the retain half.

    ``gamma`` times minus the mean token loss of forget, plus ``alpha`` times that of retain, or the divergence from the
    model as it was at the beginning (Liu et al. 2022, arXiv 2203.12817; the letters are those of open-unlearning).
    """

    def __init__(self, gamma: float = 1.0, alpha: float = 1.0, retain_loss: RetainLoss = "NLL", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gamma, self.alpha = gamma, alpha
        self.reference: Any = None
        if retain_loss == "KL":
            self.reference = copy.deepcopy(self.model)
            self.reference.eval()

    def compute_loss(
        self, model: Any, inputs: Mapping[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the loss of a batch, with the outputs of the forget half where asked for."""
        forget = model(**inputs["forget"])
        loss = -self.gamma * forget.loss + self.alpha * self._retain_loss(model, inputs["retain"])
        self.log({"forget_loss": forget.loss.item()})
        return (loss, forget) if return_outputs else loss

    def _retain_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        outputs = model(**inputs)
        if self.reference is None:
            loss: torch.Tensor = outputs.loss
            return loss
        with torch.no_grad():
            before = self.reference(**inputs).logits
        scored = inputs["labels"][:, 1:] != -100
        now, then = (log_softmax(x[:, :-1][scored].float(), dim=-1) for x in (outputs.logits, before))
        return kl_div(now, then, reduction="batchmean", log_target=True)
