"""The target as it was before unlearning, for losses that compare with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fairforget.lm.logprobs import TokenLogprobs
from fairforget.lm.states import layer_states
from fairforget.lm.tokens import IGNORE, TokenBatch
from fairforget.run.counting.ledger import Ledger


class Reference:
    """The frozen target; log-probabilities that one call has asked for take no pass in a later one.

    A text that stands twice in the same batch is passed twice there.

    What is asked is the target itself, which every process has anyhow: its weights take no memory a second time. It is
    only passed through, without gradients, and handed to nobody.
    """

    def __init__(self, target: Callable[[], Any], ledger: Ledger) -> None:
        """Prepare to ask.

        Args:
            target: returns the target's model in eval mode, whose weights stay what they are; called when it is first
                needed.
            ledger: books the passes; it sees those through any model of the class.
        """
        self._target = target
        self._ledger = ledger
        self._frozen: Any = None
        self._known: dict[tuple[int, ...], torch.Tensor] = {}

    def logits(self, tokens: TokenBatch) -> torch.Tensor:
        """Return (batch, time, vocabulary), without gradient; not kept, for they are large."""
        with self._ledger.phase("reference"), torch.no_grad():
            return tokens.logits(self._model())

    def scored_logits(self, tokens: TokenBatch) -> torch.Tensor:
        """Return the logits (n, vocabulary) that predict ``tokens.targets``, without gradient; not kept."""
        with self._ledger.phase("reference"), torch.no_grad():
            return tokens.scored_logits(self._model())

    def states(self, tokens: TokenBatch, layer: int) -> torch.Tensor:
        """Return the hidden states (batch, time, width) after block `layer`, without gradient; not kept either."""
        with self._ledger.phase("reference"), torch.no_grad():
            return layer_states(self._model(), tokens, layer)

    def logprobs(self, tokens: TokenBatch) -> TokenLogprobs:
        """Return the log-probabilities of the labels, (batch, time − 1), without gradient."""
        mask = tokens.labels[:, 1:] != IGNORE
        keys = [_row_key(tokens, row) for row in range(len(tokens.ids))]
        missing = [row for row, key in enumerate(keys) if key not in self._known]
        if missing:
            part = TokenBatch(
                tuple(tokens.ids[row] for row in missing),
                tokens.input_ids[missing],
                tokens.attention_mask[missing],
                tokens.labels[missing],
            )
            with self._ledger.phase("reference"), torch.no_grad():
                found = part.logprobs(self._model())
            for row, values, scored in zip(missing, found.values, found.mask, strict=True):
                self._known[keys[row]] = values[scored]
        flat = torch.cat([self._known[key] for key in keys])
        values = torch.zeros(mask.shape, dtype=flat.dtype, device=flat.device).masked_scatter(mask, flat)
        return TokenLogprobs(values, mask)

    def _model(self) -> Any:
        if self._frozen is None:
            self._frozen = self._target()
        return self._frozen


def _row_key(tokens: TokenBatch, row: int) -> tuple[int, ...]:
    """Return what the log-probabilities of a row depend on: its tokens and which of them are labelled."""
    real = tokens.attention_mask[row].bool()
    ids, labels = tokens.input_ids[row][real], tokens.labels[row][real]
    return tuple(torch.cat([ids, (labels != IGNORE).long()]).tolist())
