"""What a model says of each sample, in one pass: likelihood and memorization accuracy."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from fairforget.lm.change import NEAR_ZERO
from fairforget.lm.memory import memorization_accuracy
from fairforget.lm.passes import TokenScores
from fairforget.lm.tokens import SampleSet
from fairforget_samplers.difficulty.reasons import NOT_FINITE

Normalise = Literal["mean", "sum"]


def log_likelihoods(found: TokenScores, normalise: Normalise = "mean") -> np.ndarray:
    """Return the log-likelihood of each sample, (n,) float64: the mean or the sum over its scored tokens, in nats.

    NaN where nothing is scored.
    """
    over = np.mean if normalise == "mean" else np.sum
    return np.array([float(over(values)) if values.size else np.nan for values in found.logprobs], dtype=np.float64)


def accuracies(found: TokenScores, samples: SampleSet) -> np.ndarray:
    """Return the memorization accuracy of each sample, (n,); see `fairforget.lm.memory.memorization_accuracy`."""
    pairs = zip(found.hits, samples, strict=True)
    return np.array([memorization_accuracy(h, bare=not s.sample.prompt) for h, s in pairs], dtype=np.float64)


def unusable(found: TokenScores, samples: SampleSet) -> dict[str, str]:
    """Return the samples of which the model says nothing that can be used, and why, by sample id."""
    reasons = {}
    for sample, values in zip(samples, found.logprobs, strict=True):
        if not values.size:
            reasons[sample.sample.id] = "no scored tokens"
        elif not np.isfinite(values).all():
            reasons[sample.sample.id] = NOT_FINITE
    return reasons


def without(values: np.ndarray, samples: SampleSet, excluded: dict[str, str], why: str) -> np.ndarray:
    """Return `values` with NaN for what is excluded; adds to `excluded` what is not finite otherwise, because of `why`.

    Args:
        values: (n,).
        samples: n samples.
        excluded: reasons by sample id; added to.
        why: the reason for a value that is not finite.
    """
    left = np.array(values, dtype=np.float64)
    for i, sample in enumerate(samples):
        if sample.sample.id not in excluded and not np.isfinite(left[i]):
            excluded[sample.sample.id] = why
        if sample.sample.id in excluded:
            left[i] = np.nan
    return left


def near_zero_share(found: TokenScores) -> float:
    """Return the share of scored tokens that are nearly certain: negative log-likelihood below `NEAR_ZERO`."""
    tokens = sum(values.size for values in found.logprobs)
    return sum(int((values > -NEAR_ZERO).sum()) for values in found.logprobs) / max(1, tokens)


def dtype_of(model: Any) -> str:
    """Return the type of the model's weights, without ``torch.``."""
    return str(next(model.parameters()).dtype).removeprefix("torch.")
