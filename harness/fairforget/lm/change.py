"""How much the log-likelihood of samples changes when the weights do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch

from fairforget.lm.tokens import SampleSet, TokenBatch

Scope = Literal["answer", "full"]
"""Which tokens count: those of the completion, or those of the prompt as well."""
Normalise = Literal["mean", "sum"]
"""Over the tokens of a sample."""

NEAR_ZERO = 1e-6
"""A token whose negative log-likelihood is below this is reported as nearly certain."""
_SMALLEST = torch.finfo(torch.float32).tiny


def in_scope(samples: SampleSet, scope: Scope) -> SampleSet:
    """Return the samples with `scope` as their scored tokens; nothing predicts the very first token."""
    if scope == "answer":
        return samples
    whole = [replace(s, start=1) for s in samples]
    return SampleSet(whole, pad_id=samples.pad_id, corpus=samples.corpus)


def scorable(samples: SampleSet) -> tuple[list[int], dict[str, str]]:
    """Return the positions that have scored tokens, and why the other samples are left out, by sample id."""
    kept = [i for i, s in enumerate(samples) if s.length]
    return kept, {s.sample.id: "no scored tokens" for s in samples if not s.length}


@dataclass(frozen=True, slots=True)
class _Pass:
    positions: torch.Tensor
    batch: TokenBatch
    base: torch.Tensor
    """(batch, time - 1) float64 log-likelihoods before any change."""
    share: torch.Tensor
    """(batch, time - 1) float64, 1 / (n_i P_t) on scored tokens, 0 elsewhere."""


class RelativeChange:
    r"""Measures :math:`S_i=\frac1{n_i}\sum_t (P_t(\theta)-P_t(\theta'))/P_t(\theta)` for all samples in one pass.

    :math:`\theta` are the weights when this is made, :math:`\theta'` those when it is called. Batches and padding are
    the same for both. Log-likelihoods come from the exclusive log-sum-exp in the model's precision; differences,
    ratios and sums are taken in float64.
    """

    def __init__(
        self, model: Any, samples: SampleSet, *, normalise: Normalise = "mean", batch_tokens: int = 4096
    ) -> None:
        """Take the log-likelihoods of `samples`, each with scored tokens, on the model as it is.

        Args:
            model: a causal language model in eval mode.
            samples: what is scored.
            normalise: ``sum`` leaves out the 1/n.
            batch_tokens: padded tokens a batch, at most.
        """
        self._model = model
        self._size = len(samples)
        self._device = next(model.parameters()).device
        self._passes: list[_Pass] = []
        self.tokens = self.near_zero = self.clamped = 0
        """Scored tokens in all; those that are nearly certain; those so certain that float32 cannot tell."""
        finite = np.ones(self._size, dtype=bool)
        for positions in samples.buckets(batch_tokens):
            batch = samples.take(positions).batch(eos=False, device=self._device)
            base, mask = self._logprobs(batch)
            count = mask.sum(-1, keepdim=True) if normalise == "mean" else 1
            share = (1 / (base.clamp(max=-_SMALLEST) * count)).masked_fill(~mask, 0.0)
            self._passes.append(_Pass(torch.tensor(positions, device=self._device), batch, base, share))
            self.tokens += int(mask.sum())
            self.near_zero += int((mask & (base > -NEAR_ZERO)).sum())
            self.clamped += int((mask & (base > -_SMALLEST)).sum())
            finite[positions] = torch.isfinite(base).all(-1).cpu().numpy()
        self.finite = finite
        """(n,) whether the sample's log-likelihoods are finite on the unchanged model."""

    def __call__(self) -> np.ndarray:
        """Return S (n,) float64 for the weights as they now are; not finite where the model broke."""
        change = torch.empty(self._size, dtype=torch.float64, device=self._device)
        for part in self._passes:
            now, _ = self._logprobs(part.batch)
            change[part.positions] = ((part.base - now) * part.share).sum(-1)
        return change.cpu().numpy()

    def _logprobs(self, batch: TokenBatch) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.no_grad():
            found = batch.logprobs(self._model)
        return found.values.double(), found.mask
