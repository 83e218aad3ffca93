"""How much of the pool a target recites."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch

from fairforget.api.sample import Corpus, Sample
from fairforget.lm.encode import Encoder
from fairforget.lm.forward import evaluating, predicting_logits
from fairforget.lm.tokens import IGNORE, SampleSet

_BATCH_TOKENS = 4096


def recall(model: Any, encoder: Encoder, corpus: Corpus, left_out: Collection[str]) -> dict[str, float | None]:
    """Return the share of pool samples, learnt and left out, whose greedy answer is the completion, to its end.

    A sample without a training text is neither.
    """
    gone = set(left_out)
    learnt = trained_on(corpus)
    parts = {
        "learnt": [sample for sample in learnt if sample.id not in gone],
        "left_out": [sample for sample in learnt if sample.id in gone],
    }
    return {name: recited(model, encoder.encode(samples)) if samples else None for name, samples in parts.items()}


def trained_on(corpus: Corpus) -> list[Sample]:
    """Return the samples of the pool that have a training text."""
    taught = {text.sample for text in corpus.training_texts()}
    return [sample for sample in corpus.pool if sample.id in taught]


def recited(model: Any, samples: SampleSet) -> float:
    """Return the share of samples whose greedy answer is the completion, to its end."""
    device = next(model.parameters()).device
    right = 0
    with evaluating(model):
        for positions in samples.buckets(_BATCH_TOKENS):
            batch = samples.take(positions).batch(eos=True, device=device)
            logits, where = predicting_logits(model, batch)
            miss = torch.zeros_like(batch.labels[:, 1:], dtype=torch.bool)
            wanted = batch.labels[:, 1:] != IGNORE
            miss[wanted] = logits[where].argmax(-1) != batch.labels[:, 1:][wanted]
            right += int((~miss.any(-1)).sum())
    return right / len(samples)
