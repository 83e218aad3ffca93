"""`toy-weakest-token` against the definition, token by token."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fairforget_toy.weakest_token import WeakestToken


def test_it_is_the_largest_loss_of_a_token_of_the_completion(tiny_target, tiny_task):
    corpus = tiny_task.corpus()
    samples = tiny_target.encode(corpus.pool, corpus)
    found = WeakestToken(batch_tokens=64).score(tiny_target.model, samples, np.random.default_rng(0))
    for value, sample in zip(found, samples, strict=True):
        with torch.no_grad():
            logits = tiny_target.model(torch.tensor([sample.input_ids])).logits[0].double()
        losses = [
            torch.logsumexp(logits[t - 1], 0) - logits[t - 1, sample.input_ids[t]]
            for t in range(sample.start, sample.end)
        ]
        assert value == pytest.approx(float(max(losses)), rel=1e-4, abs=1e-5)
