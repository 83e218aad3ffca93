"""What a subject says beside log-probabilities of samples and greedy answers, against the plain model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairforget.api import Sample, Template
from fairforget.errors import FairforgetError
from fairforget.lm.encode import Encoder
from fairforget.run.measures.subject import LiveSubject


def plain_logits(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).logits[0].numpy()


def log_softmax(row):
    high = row.max()
    return row - high - np.log(np.exp(row - high).sum())


def test_moments_are_those_of_the_models_distribution(subject, model, tokenizer):
    found = subject.moments()
    for sample, (means, deviations) in zip(subject.samples, found, strict=True):
        given, scored = tokenizer(sample.prompt).input_ids, tokenizer(sample.completion).input_ids
        assert means.shape == deviations.shape == (len(scored),)
        if not scored:
            continue
        for row, mean, deviation in zip(
            plain_logits(model, given + scored)[len(given) - 1 : -1], means, deviations, strict=True
        ):
            logp = log_softmax(row)
            expected = np.average(logp, weights=np.exp(logp))
            assert mean == pytest.approx(expected, rel=1e-9)
            assert deviation == pytest.approx(np.average((logp - expected) ** 2, weights=np.exp(logp)) ** 0.5, rel=1e-9)


def test_moments_of_tokens_that_cannot_be(subject, model):
    """Logits of -inf have probability 0 and add nothing."""
    bias = torch.zeros(model.config.vocab_size, dtype=torch.float64)
    bias[2:10] = -torch.inf
    handle = model.lm_head.register_forward_hook(lambda _module, _args, output: output + bias)
    try:
        for means, deviations in subject.moments()[:2]:
            assert np.isfinite(means).all()
            assert (deviations > 0).all()
    finally:
        handle.remove()


def test_moments_share_the_pass_of_what_is_asked_after(subject, passes):
    subject.moments()
    subject.logprobs()
    subject.hits()
    subject.on("forget").moments()
    assert len(passes) == 1


def test_what_metrics_read_is_taken_in_one_pass(live, sets, passes):
    singly = live(sets, "forget")
    expected = singly.logprobs(scope="full"), singly.logprobs(), singly.moments(scope="full")
    passes.clear()
    subject = live(sets, "forget")
    subject.ask([], ["full", "moments"])
    found = subject.logprobs(), subject.logprobs(scope="full"), subject.moments(scope="full")
    subject.hits()
    subject.moments()
    assert len(passes) == 1
    for one, other in zip(found[1], expected[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    for whole, answer in zip(found[1], found[0], strict=True):
        assert len(answer) < len(whole) or not len(whole)
        np.testing.assert_array_equal(whole[len(whole) - len(answer) :], answer)
    for one, other in zip(found[2], expected[2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_in_whatever_order_things_are_asked_they_are_the_same(live, sets, seed):
    rng, singly = np.random.default_rng(seed), live(sets, "forget")
    asks = [(method, scope) for method in ("logprobs", "moments") for scope in ("answer", "full")]
    expected = {(m, s, on): getattr(live(sets, on), m)(scope=s) for m, s in asks for on in ("forget", "retain")}
    questions = list(expected)
    if seed % 2:
        singly.ask([], rng.permutation(["full", "moments"])[: rng.integers(1, 3)])
    said = {}
    for i in [*rng.permutation(len(questions)), *rng.permutation(len(questions))]:
        method, scope, on = questions[i]
        found = getattr(singly.on(on), method)(scope=scope)
        for one, other in zip(found, expected[questions[i]], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9)
        for one, other in zip(found, said.setdefault(questions[i], found), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_wider_look_leaves_what_was_said(subject, passes):
    answers = subject.logprobs()
    moments = subject.moments()
    whole = subject.logprobs(scope="full")
    for answer, text in zip(answers, whole, strict=True):
        np.testing.assert_array_equal(text[len(text) - len(answer) :], answer)
    assert len(passes) == 3
    for (mean, _), (other, _) in zip(moments, subject.moments(), strict=True):
        np.testing.assert_array_equal(mean, other[len(other) - len(mean) :])
    subject.moments(scope="full")
    assert len(passes) == 3


def test_what_was_said_stays_when_moments_come_later(subject):
    before = subject.logprobs()
    subject.moments()
    for one, other in zip(before, subject.logprobs(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_free_texts_are_scored_whole(subject, model, tokenizer):
    texts = ["anna wrote books", "", "birds", "rome oslo lima anna"]
    found = subject.score_texts(texts)
    for text, values in zip(texts, found, strict=True):
        ids = [tokenizer.eos_token_id, *tokenizer(text).input_ids] if text else [tokenizer.eos_token_id]
        expected = [log_softmax(row)[token] for row, token in zip(plain_logits(model, ids)[:-1], ids[1:], strict=True)]
        np.testing.assert_allclose(values, expected, rtol=1e-9)


def test_a_free_text_is_a_sample_without_a_prompt(model, tokenizer, passes):
    """Under a template that adds nothing."""
    sets = {"forget": (Sample("bare", "", "the painter lives near the rivers"),)}
    encode = Encoder(tokenizer, Template(completion="{completion}"), max_length=64).encode
    subject = LiveSubject(model, encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=4)
    np.testing.assert_array_equal(subject.logprobs()[0], subject.score_texts([sets["forget"][0].completion])[0])


def test_a_free_text_longer_than_the_context_is_named(subject, model):
    model.config.max_position_embeddings = 6
    with pytest.raises(FairforgetError, match=r"text 1 \('one two.*has 8 tokens.*positions for 6"):
        subject.score_texts(["birds", "one two three four five six seven"])


def test_a_longer_answer_begins_with_the_shorter(subject, live, sets, passes):
    short = subject.generate(max_new_tokens=3)
    long = subject.generate(max_new_tokens=8)
    assert any(len(text.split()) > 3 for text in long)
    for one, other in zip(short, long, strict=True):
        assert other.split()[: len(one.split())] == one.split()
    count = len(passes)
    assert subject.generate(max_new_tokens=5) == [" ".join(text.split()[:5]) for text in long]
    assert subject.generate() == long
    assert len(passes) == count
    assert live(sets, "forget", max_new_tokens=3).generate() == short


def test_tokens_of_the_samples_that_have_a_wording(subject, tokenizer, sets):
    anna, boris = sets["forget"][:2]
    found = subject.encode("paraphrased_prompt", "perturbed_completion:1")
    assert [e.sample for e in found] == [anna, boris]
    for encoded, sample in zip(found, (anna, boris), strict=True):
        assert list(encoded.input_ids[: encoded.start]) == tokenizer(sample.variants["paraphrased_prompt"][0]).input_ids
        scored = tokenizer(sample.variants["perturbed_completion"][1]).input_ids
        assert list(encoded.input_ids[encoded.start : encoded.end]) == scored
    assert [e.sample for e in subject.encode()] == list(sets["forget"])


def test_the_model_and_its_tokenizer_are_the_live_ones(subject, model, tokenizer):
    assert subject.on("retain").model is model
    assert subject.on("retain").tokenizer is tokenizer


def test_the_reference_is_asked_for_when_it_is_wanted(model, tokenizer, live, sets):
    other, made = live(sets, "holdout"), []

    def reference():
        made.append(other)
        return other

    encode = Encoder(tokenizer, Template(), max_length=256).encode
    subject = LiveSubject(model, encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=8, reference=reference)
    subject.logprobs()
    assert made == []
    assert [s.id for s in subject.on("retain").reference().samples] == [s.id for s in sets["retain"]]
    subject.reference().logprobs()
    assert len(other._memo.texts.known) == len(set(sets["forget"]))
    assert live(sets, "forget").reference() is None
