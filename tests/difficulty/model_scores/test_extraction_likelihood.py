from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from fairforget.api import Sample
from fairforget_samplers.difficulty.extraction_likelihood import ExtractionLikelihood


def recited(model, tokens, most, stop):
    """Greedy decoding, one token at a time, the whole text again each time, without a cache."""
    told = []
    while len(told) < most:
        with torch.no_grad():
            best = int(model(input_ids=torch.tensor([[*tokens, *told]])).logits[0, -1].argmax())
        if best == stop:
            break
        told.append(best)
    return told


def by_hand(model, sample, n, stride, over, stop):
    text = list(sample.input_ids[sample.start : sample.end])
    values = []
    for t in range(1, len(text) - n + 1, stride):
        told = recited(model, sample.input_ids[: sample.start + t], len(text) - t, stop)
        rest = text[t:]
        grams = [told[i : i + n] for i in range(len(told) - n + 1)]
        truth = [rest[i : i + n] for i in range(len(rest) - n + 1)]
        hits = sum(gram in truth for gram in grams)
        count = len(grams) if over == "generated" else len(truth)
        values.append(hits / count if grams else 0.0)
    return sum(values) / len(values) if values else math.nan


@pytest.mark.slow
@pytest.mark.parametrize(("n", "stride", "over"), [(2, 1, "generated"), (2, 1, "reference"), (4, 3, "generated")])
def test_it_is_the_paper_s_loop(target, pool, tokenizer, n, stride, over):
    found = ExtractionLikelihood(n=n, stride=stride, el_denominator=over).score(target, pool, np.random.default_rng(0))
    expected = [by_hand(target, s, n, stride, over, tokenizer.eos_token_id) for s in pool]
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)
    assert len(set(found.values)) > 3  # neither all known nor all unknown
    assert found.details["prefixes"] == sum(len(range(1, s.length - n + 1, stride)) for s in pool)


def test_a_short_completion_has_no_value(target, encoder, corpus):
    samples = encoder.encode([*corpus.pool[:3], Sample("empty", "Who?", ""), Sample("short", "Who?", "Ada")], corpus)
    found = ExtractionLikelihood(n=samples[4].length).score(target, samples, np.random.default_rng(0))
    assert list(found.details["excluded"].items()) == [
        ("empty", "no scored tokens"),
        ("short", f"the completion has no more than n = {samples[4].length} tokens"),
    ]
    np.testing.assert_array_equal(np.isnan(found.values), [False, False, False, True, True])
    just = ExtractionLikelihood(n=samples[4].length - 1).score(target, samples, np.random.default_rng(0))
    assert not np.isnan(just.values[4])


def test_the_batch_size_changes_nothing(target, pool):
    first, other = (ExtractionLikelihood(n=3, batch_tokens=b).score(target, pool, None).values for b in (60, 4096))
    np.testing.assert_array_equal(first, other)


def test_what_was_learnt_more_is_recited_more(target, innocent, pool):
    score = ExtractionLikelihood(n=3)
    known, unknown = (score.score(m, pool, np.random.default_rng(0)).values.mean() for m in (target, innocent[0][1]))
    assert known > unknown + 0.2
