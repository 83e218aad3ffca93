"""What a model says of the tokens of samples: log-probabilities and first choices, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fairforget.lm.batching import best_batch_tokens
from fairforget.lm.forward import evaluating, predicting_logits
from fairforget.lm.logprobs import row_log_odds, rows_at_once
from fairforget.lm.sharded import bare
from fairforget.lm.tokens import IGNORE, SampleSet, TokenBatch

LOGITS = 1 << 26
"""Logits of one batch, at most: a large vocabulary makes them the largest thing in memory by far."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenScores:
    """Per sample, in order, an array over its scored tokens; empty where nothing is scored."""

    logprobs: list[np.ndarray]
    """float64, natural log."""
    hits: list[np.ndarray]
    """bool: whether the token is the model's first choice; among equals the lowest id is chosen."""
    moments: list[tuple[np.ndarray, np.ndarray]] | None = None
    """float64: mean and standard deviation of log p(v) over tokens v drawn from the model's own distribution at that
    place, in nats; None where they were not asked for."""


def token_scores(
    model: Any, samples: SampleSet, *, batch_tokens: int | None = None, moments: bool = False
) -> TokenScores:
    """Run samples through the model in eval mode, without gradients, in batches of like length.

    Args:
        model: left in the mode it was in.
        samples: the completion is scored, its end-of-text token is not.
        batch_tokens: padded tokens of one batch, at most, and fewer where the vocabulary is large; a sample is never
            split. Bounds the memory. None = as many as are expected to be fastest.
        moments: also take the moments, which costs a softmax a token.
    """
    model = bare(model)
    nothing: tuple[np.ndarray, ...] = (np.empty(0), np.empty(0, dtype=bool), np.empty(0), np.empty(0))
    found = [nothing] * len(samples)
    scored = [i for i, sample in enumerate(samples) if sample.length]
    rows = samples.take(scored)
    device = next(model.parameters()).device
    most = min(batch_tokens or best_batch_tokens(model, rows), LOGITS // getattr(model.config, "vocab_size", 1))
    with evaluating(model):
        for bucket in rows.buckets(most):
            arrays = _score(model, rows.take(bucket).batch(eos=False, device=device), moments)
            bounds = np.cumsum([rows[i].length for i in bucket])[:-1]
            for i, *parts in zip(bucket, *(np.split(array, bounds) for array in arrays), strict=True):
                found[scored[i]] = tuple(parts)
    return TokenScores(
        [parts[0] for parts in found],
        [parts[1] for parts in found],
        [(parts[2], parts[3]) for parts in found] if moments else None,
    )


def usable(logprobs: np.ndarray) -> bool:
    """Return whether a sample has scored tokens and all their log-probabilities, (tokens,), are finite.

    Where they are not, the model is broken: what it would choose is no choice, but the first token there is.
    """
    return bool(logprobs.size) and bool(np.isfinite(logprobs).all())


def _score(model: Any, batch: TokenBatch, moments: bool) -> list[np.ndarray]:
    """Return log-probabilities, hits and the moments asked for of all labels of a batch, row after row."""
    logits, where = predicting_logits(model, batch)
    targets = batch.labels[:, 1:]
    flat = targets[targets != IGNORE]
    parts: list[tuple[torch.Tensor, ...]] = []
    size = rows_at_once(logits)
    rows, columns = where.nonzero(as_tuple=True)
    for row, column, target in zip(rows.split(size), columns.split(size), flat.split(size), strict=True):
        picked = logits[row, column]
        others = (picked.argmax(-1) == target, *(_moments(picked) if moments else ()))
        parts.append((-torch.nn.functional.softplus(-row_log_odds(picked, target).double()), *others))
    return [torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True)]


def _moments(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation of log p under p, (n,) float64 each.

    The deviations are squared after the mean is taken off: E[x²] − E[x]² cancels where the model is certain.
    """
    logp = torch.log_softmax(logits if logits.dtype == torch.float64 else logits.float(), -1)
    p = logp.exp()
    logp = logp.masked_fill(p == 0, 0)  # 0 log 0 is 0
    mean = (p * logp).sum(-1, keepdim=True)
    variance = (p * (logp - mean).square()).sum(-1)
    return mean.squeeze(-1).double(), variance.sqrt().double()
