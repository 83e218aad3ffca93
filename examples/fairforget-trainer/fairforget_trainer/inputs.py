"""The inputs of a Trainer's ``compute_loss``, made from a batch of fairforget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from fairforget.api import UnlearningBatch
    from fairforget.lm.tokens import TokenBatch


def inputs_of(batch: UnlearningBatch, *, alternates: bool, retain: bool) -> dict[str, Any]:
    """Return ``forget`` and ``retain``, each with ``input_ids``, ``attention_mask`` and ``labels``.

    A dict of dicts, as a data collator makes them: a Trainer may take things out of it and put others in.

    Args:
        batch: of the harness.
        alternates: whether the forget side has two halves: ``original``, and ``alternate`` with a refusal as answer, as
            preference losses want them.
        retain: whether there is a retain side; some tasks have no retain samples.

    Raises:
        FairforgetError: the task has no retain samples, or none for this draw.
    """
    forget: dict[str, Any] = _tensors(batch.forget)
    if alternates:
        forget = {"original": forget, "alternate": _tensors(batch.refusal)}
    return {"forget": forget, "retain": _tensors(batch.retain)} if retain else {"forget": forget}


def _tensors(tokens: TokenBatch) -> dict[str, torch.Tensor]:
    """Return the tensors of a batch under the names of transformers; labels are not shifted in either."""
    return {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask, "labels": tokens.labels}
