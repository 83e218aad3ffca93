"""What one update sees."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch

from fairforget.errors import FairforgetError
from fairforget.lm.logprobs import TokenLogprobs
from fairforget.lm.tokens import SampleSet, TokenBatch
from fairforget.run.updates.reference import Reference


class LiveBatch:
    """An `fairforget.api.UnlearningBatch`: tokens are made when a loss asks for them."""

    def __init__(
        self,
        forget: SampleSet,
        retain: SampleSet,
        refusals: Callable[[], SampleSet],
        reference: Reference,
        device: torch.device,
    ) -> None:
        self._forget = forget
        self._retain = retain
        self._refusals = refusals
        self._reference = reference
        self._device = device

    @cached_property
    def forget(self) -> TokenBatch:
        """The forget samples of this update."""
        return self._forget.batch(eos=True, device=self._device)

    @cached_property
    def retain(self) -> TokenBatch:
        """Their retain partners.

        Raises:
            FairforgetError: there are none.
        """
        if not len(self._retain):
            msg = (
                "the method asks for retain samples (batch.retain), and the task has none beside this draw; leave the "
                "method out, draw less than the whole pool, or take a task with retain samples"
            )
            raise FairforgetError(msg)
        return self._retain.batch(eos=True, device=self._device)

    @cached_property
    def refusal(self) -> TokenBatch:
        """The forget prompts with a refusal each."""
        return self._refusals().batch(eos=True, device=self._device)

    def seen(self) -> list[TokenBatch]:
        """Return the texts that were asked for so far: what a loss is a function of."""
        return [vars(self)[name] for name in ("forget", "retain", "refusal") if name in vars(self)]

    def reference(self, tokens: TokenBatch) -> TokenLogprobs:
        """Return the log-probabilities of `tokens` under the target."""
        return self._reference.logprobs(tokens)

    def reference_scored_logits(self, tokens: TokenBatch) -> torch.Tensor:
        """Return the logits under the target that predict ``tokens.targets``."""
        return self._reference.scored_logits(tokens)

    def reference_logits(self, tokens: TokenBatch) -> torch.Tensor:
        """Return the logits of `tokens` under the target."""
        return self._reference.logits(tokens)

    def reference_states(self, tokens: TokenBatch, layer: int) -> torch.Tensor:
        """Return the hidden states of `tokens` after block `layer` of the target."""
        return self._reference.states(tokens, layer)
