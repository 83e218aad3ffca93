"""A model of one block, samples that it reads, and how it is updated."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Sample
from fairforget.lm.tokens import EncodedSample, SampleSet

SETTINGS = {
    "name": "adamw", "lr": 1e-2, "batch_size": 4, "weight_decay": 0.0, "betas": [0.9, 0.999], "eps": 1e-8,
    "max_grad_norm": 1.0, "warmup": 0,
}  # fmt: skip


def llama(dropout: float = 0.0) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sizes = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 16, "attention_dropout": dropout}
        return LlamaForCausalLM(LlamaConfig(**sizes, num_hidden_layers=1, num_attention_heads=2)).eval()


def samples(n: int, seed: int) -> SampleSet:
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        ids = tuple(int(t) for t in rng.integers(2, 40, size=4 + i % 3))
        made.append(EncodedSample(Sample(f"{seed}-{i}", "", ""), (*ids, 1), 2, len(ids)))
    return SampleSet(made, pad_id=0)
