from __future__ import annotations

import numpy as np
import pytest
import torch

from fairforget.lm.generate import greedy
from fairforget.lm.memory import continuations, extraction_likelihood, memorization_accuracy, memory, overlap
from fairforget.lm.passes import token_scores


def next_token(model, tokens):
    with torch.no_grad():
        return int(model(input_ids=torch.tensor([tokens])).logits[0, -1].argmax())


def decode(model, tokens, limit, stop):
    """Greedy decoding, a token and a full pass at a time."""
    answer = []
    while len(answer) < limit:
        token = next_token(model, [*tokens, *answer])
        if token in stop:
            break
        answer.append(token)
    return answer


def slow_el(model, sample, n, denominator, stop, stride=1):
    """The loop of Jang et al. 2023, written out."""
    ids, prompt = list(sample.input_ids[sample.start : sample.end]), list(sample.input_ids[: sample.start])
    total = count = 0
    for t in range(1, len(ids) - n + 1, stride):
        label = ids[t:]
        answer = decode(model, prompt + ids[:t], len(label), stop)
        grams = [tuple(answer[i : i + n]) for i in range(len(answer) - n + 1)]
        true = [tuple(label[i : i + n]) for i in range(len(label) - n + 1)]
        hits = sum(g in true for g in grams)
        of = len(grams) if denominator == "generated" else len(true)
        total += hits / of if of else 0
        count += 1
    return total / count if count else float("nan")


@pytest.fixture
def recited(llama, texts, encoded):
    """Completions that the model would write itself, with wrong tokens put in at some places."""
    pairs = []
    for i, (before, _) in enumerate(texts(6, seed=5)):
        tokens = decode(llama, before, 6 + 2 * i, ())
        for place in range(2 + i % 4, len(tokens), 8):
            tokens[place] = (tokens[place] + 1) % 97
        pairs.append((before, tokens))
    return encoded([*pairs, ([4], []), ([4], [5])])


@pytest.mark.parametrize("denominator", ["generated", "reference"])
@pytest.mark.parametrize("stride", [1, 3])
def test_el_equals_a_loop_over_prefixes(llama, recited, denominator, stride):
    some = decode(llama, list(recited[5].input_ids[:6]), 8, ())
    for stop in ((), (1, some[5])):
        found = memory(llama, recited, n=3, stride=stride, denominator=denominator, stop=stop).extraction_likelihood
        expected = [slow_el(llama, sample, 3, denominator, stop, stride) for sample in recited]
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert len(set(np.round(found[np.isfinite(found)], 6))) > 3


def test_the_denominators_differ_where_generation_ends_early(llama, recited):
    sample = recited[5]
    end = decode(llama, list(sample.input_ids[: sample.start + 1]), 9, ())[7]
    values = [
        memory(llama, recited, n=2, denominator=which, stop=[end]).extraction_likelihood[5]
        for which in ("generated", "reference")
    ]
    assert values[0] > values[1]


def test_ma_equals_one_token_generations(llama, recited, encoded):
    def slow(sample, first):
        ids, start = sample.input_ids, sample.start
        hits = [next_token(llama, list(ids[: start + t])) == ids[start + t] for t in range(first, sample.length)]
        return np.mean(hits) if hits else float("nan")

    asked = memory(llama, recited, n=3).memorization_accuracy
    np.testing.assert_allclose(asked, [slow(sample, 0) for sample in recited])
    # Without a prompt the sum runs over t = 1 … T-1 and is divided by T-1: the first of T tokens is not counted.
    bare = encoded([(s.input_ids[: s.start], s.input_ids[s.start : s.end]) for s in recited], prompt="")
    found = memory(llama, bare, n=3).memorization_accuracy
    np.testing.assert_allclose(found, [slow(sample, 1) for sample in bare])
    assert not np.array_equal(found, asked, equal_nan=True)


def test_texts_that_are_too_short_are_nan_and_not_zero(llama, encoded):
    samples = encoded([([4], []), ([4], [5]), ([4], [5, 6]), ([4], [5, 6, 7])])
    found = memory(llama, samples, n=2)
    np.testing.assert_array_equal(np.isnan(found.extraction_likelihood), [True, True, True, False])
    np.testing.assert_array_equal(np.isnan(found.memorization_accuracy), [True, False, False, False])


def test_a_memorised_text_costs_no_generation(llama, texts, encoded):
    pairs = [(before, decode(llama, before, 15, ())) for before, _ in texts(4)]
    samples, asked = encoded(pairs), []

    def decoder(prompts, limits):
        asked.extend(prompts)
        return greedy(llama, prompts, limits)

    pairs = continuations(samples, token_scores(llama, samples).hits, decoder)
    assert not asked
    assert [len(p) for p in pairs] == [14] * 4
    assert all(generated == reference for p in pairs for generated, reference in p)


def test_one_generation_a_miss(llama, recited):
    asked = []

    def decoder(prompts, limits):
        asked.extend(prompts)
        return greedy(llama, prompts, limits)

    hits = token_scores(llama, recited).hits
    continuations(recited, hits, decoder)
    assert len(asked) == sum(int((~h[1:]).sum()) for h in hits)


def test_overlap_by_hand():
    # Pairs of (1 2 3 4) and (2 3 9 1 2): 12, 23, 34 against 23, 39, 91, 12.
    assert overlap((1, 2, 3, 4), (2, 3, 9, 1, 2), 2, "generated") == 2 / 3
    assert overlap((1, 2, 3, 4), (2, 3, 9, 1, 2), 2, "reference") == 2 / 4
    assert overlap((1, 1, 1, 1), (1, 1), 2, "generated") == 1
    assert overlap((1,), (1, 2, 3), 2, "generated") == 0
    assert overlap((), (1, 2, 3), 2, "reference") == 0


def test_aggregates_by_hand():
    pairs = [((1, 2), (1, 2)), ((9,), (2, 3)), ((5,), (5,))]
    assert extraction_likelihood(pairs, 2, "generated") == 0.5
    assert np.isnan(extraction_likelihood(pairs[2:], 2, "generated"))
    hits = np.array([True, False, False, True])
    assert memorization_accuracy(hits, bare=False) == 0.5
    assert memorization_accuracy(hits, bare=True) == pytest.approx(1 / 3)
    assert np.isnan(memorization_accuracy(hits[:1], bare=True))


def test_a_model_that_is_broken_for_a_text_says_nothing_of_it(llama, recited):
    """What argmax makes of NaN is no choice, and no zero."""
    whole = memory(llama, recited, n=3)
    seen = [set(s.input_ids[:-1]) for s in recited]
    token = next(t for t in sorted(seen[0]) if any(t not in other for other in seen[1:6]))
    with torch.no_grad():
        llama.lm_head.weight.data = llama.lm_head.weight.detach().clone()
        llama.model.embed_tokens.weight[token] = torch.nan
    found = memory(llama, recited, n=3)
    broken = np.array([token in ids and s.length > 0 for ids, s in zip(seen, recited, strict=True)])
    assert 0 < broken.sum() < len(recited)
    np.testing.assert_array_equal(found.broken, broken)
    for name in ("memorization_accuracy", "extraction_likelihood"):
        expected = np.where(broken, np.nan, getattr(whole, name))
        np.testing.assert_array_equal(getattr(found, name), expected)
    assert not whole.broken.any()
