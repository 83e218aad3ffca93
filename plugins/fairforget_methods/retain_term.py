"""The retain half of a loss, shared by every method that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

    from fairforget.api import UnlearningBatch

RetainLoss = Literal["nll", "kl", "none"]


def retain_term(kind: RetainLoss, model: Any, batch: UnlearningBatch) -> torch.Tensor:
    """Return the scalar retain loss of one batch.

    ``nll`` is the mean negative log-likelihood over all labelled retain tokens; ``kl`` is KL(p_ref ‖ p_θ), the mean
    over the labelled positions (the forward direction of TOFU and open-unlearning, which average over padding too);
    ``none`` is zero.
    """
    import torch  # planning a study loads method classes; it must not load torch

    if kind == "none":
        return torch.zeros((), device=batch.forget.input_ids.device)
    if kind == "nll":
        return batch.retain.nll(model, "tokens")
    labelled = batch.retain.labels[:, 1:] != -100
    current = batch.retain.logits(model)[:, :-1][labelled].float().log_softmax(-1)
    frozen = batch.reference_logits(batch.retain)[:, :-1][labelled].float().log_softmax(-1)
    return torch.nn.functional.kl_div(current, frozen, reduction="batchmean", log_target=True)
