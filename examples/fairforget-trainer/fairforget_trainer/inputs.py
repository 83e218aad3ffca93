"""The inputs of a Trainer's ``compute_loss``, made from a batch of fairforget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

    from fairforget.api import UnlearningBatch
    from fairforget.lm.tokens import TokenBatch

SIDES: Final = ("forget", "retain")


class Inputs(Mapping[str, Any]):
    """``inputs["forget"]`` and ``inputs["retain"]``, each with ``input_ids``, ``attention_mask`` and ``labels``.

    Made when asked for, so that a method that looks at no retain samples works where a task has none.
    """

    def __init__(self, batch: UnlearningBatch, *, alternates: bool) -> None:
        """Take a batch.

        Args:
            batch: of the harness.
            alternates: whether the forget side has two halves: ``original``, and ``alternate`` with a refusal as
                answer, as preference losses want them.
        """
        self._batch = batch
        self._alternates = alternates
        self._made: dict[str, Any] = {}

    def __getitem__(self, side: str) -> Any:
        if side not in SIDES:
            raise KeyError(side)
        if side not in self._made:
            self._made[side] = self._make(side)
        return self._made[side]

    def __iter__(self) -> Iterator[str]:
        return iter(SIDES)

    def __len__(self) -> int:
        return len(SIDES)

    def _make(self, side: str) -> dict[str, Any]:
        if side == "retain":
            return _tensors(self._batch.retain)
        if self._alternates:
            return {"original": _tensors(self._batch.forget), "alternate": _tensors(self._batch.refusal)}
        return _tensors(self._batch.forget)


def _tensors(tokens: TokenBatch) -> dict[str, torch.Tensor]:
    """Return the tensors of a batch under the names of transformers; labels are not shifted in either."""
    return {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask, "labels": tokens.labels}
