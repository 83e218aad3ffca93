from __future__ import annotations

import numpy as np
import pytest
import torch

from fairforget.errors import FairforgetError
from fairforget_tasks.metrics.rouge_l import RougeL
from fairforget_tasks.metrics.unlearning_accuracy_overlap import UnlearningAccuracyOverlap


def plain_logprobs(model, tokenizer, before, after):
    given, scored = tokenizer(before).input_ids or [tokenizer.eos_token_id], tokenizer(after).input_ids
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([given + scored])).logits[0, len(given) - 1 : -1]
    return torch.log_softmax(logits, -1)[range(len(scored)), scored].numpy()


def plain_answer(model, tokenizer, before):
    ids = torch.tensor([tokenizer(before).input_ids or [tokenizer.eos_token_id]])
    out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=8, pad_token_id=0)
    return tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)


@pytest.mark.parametrize("name", ["forget", "retain", "holdout"])
def test_log_probabilities_are_those_of_the_plain_model(subject, model, tokenizer, name):
    found = subject.on(name)
    for sample, values in zip(found.samples, found.logprobs(), strict=True):
        np.testing.assert_allclose(
            values, plain_logprobs(model, tokenizer, sample.prompt, sample.completion), rtol=1e-8
        )


def test_wordings_by_key(subject, model, tokenizer, sets):
    anna = sets["forget"][0]
    for completion, text in [
        ("perturbed_completion:1", anna.variants["perturbed_completion"][1]),
        ("perturbed_completion", anna.variants["perturbed_completion"][0]),
        ("paraphrased_completion", anna.variants["paraphrased_completion"][0]),
    ]:
        values = subject.logprobs("paraphrased_prompt", completion)
        expected = plain_logprobs(model, tokenizer, anna.variants["paraphrased_prompt"][0], text)
        np.testing.assert_allclose(values[0], expected, rtol=1e-8)
        assert [v.size for v in values[2:]] == [0, 0]  # these have no such wording
    assert subject.on("retain").logprobs("prompt", "perturbed_completion:1")[0].size == 0


def test_answers_are_those_of_the_plain_model(subject, model, tokenizer, sets):
    for name in ("forget", "retain", "holdout"):
        assert subject.on(name).generate() == [plain_answer(model, tokenizer, s.prompt) for s in sets[name]]
    asked = [s.variants["paraphrased_prompt"][0] for s in sets["forget"][:2]]
    assert subject.generate("paraphrased_prompt") == [*(plain_answer(model, tokenizer, p) for p in asked), "", ""]


def test_nothing_is_computed_twice(subject, passes, sets):
    subject.logprobs()
    subject.on("forget").hits()
    subject.on("retain").on("forget").logprobs()
    assert len(passes) == 1
    subject.generate()
    generated = len(passes)
    subject.on("forget").generate()
    assert len(passes) == generated
    subject.continuations()
    continued = len(passes)
    subject.on("forget").continuations(stride=2)
    subject.continuations(shortest=4)
    assert len(passes) == continued


def test_answers_asked_for_ahead_share_a_batch(live, sets, passes):
    asked = [("forget", "prompt"), ("retain", "prompt"), ("forget", "paraphrased_prompt"), ("holdout", "prompt")]
    singly = live(sets, "forget")
    expected = [singly.on(name).generate(prompt) for name, prompt in asked]
    passes.clear()
    subject = live(sets, "forget")
    subject.ask(asked)
    assert len(passes) <= 8
    count = len(passes)
    assert [subject.on(name).generate(prompt) for name, prompt in asked] == expected
    assert len(passes) == count
    with pytest.raises(FairforgetError, match="no set"):
        subject.ask([("elsewhere", "prompt")])


@pytest.mark.parametrize("metric", [RougeL(), UnlearningAccuracyOverlap()], ids=lambda m: type(m).__name__)
def test_metrics_tell_all_they_will_ask(subject, metric, passes):
    subject.ask([("retain", prompt) for prompt in metric.prompts])
    count = len(passes)
    metric.measure(subject.on("retain"))
    assert len(passes) == count


def test_equal_texts_of_two_sets_are_one_text(live, sets, passes):
    subject = live({**sets, "again": sets["forget"][:2]}, "forget")
    subject.logprobs()
    subject.generate()
    count = len(passes)
    again = subject.on("again")
    for one, other in zip(again.logprobs(), subject.logprobs(), strict=False):
        np.testing.assert_array_equal(one, other)
    assert again.generate() == subject.generate()[:2]
    assert len(passes) == count


def test_continuations_follow_their_prefixes(subject, tokenizer, model, sets):
    pairs = subject.continuations()
    for sample, found in zip(sets["forget"], pairs, strict=True):
        ids = tokenizer(sample.completion).input_ids if sample.completion else []
        assert [reference for _, reference in found] == [tuple(ids[t:]) for t in range(1, len(ids))]
        for t, (generated, reference) in enumerate(found, start=1):
            given = torch.tensor([tokenizer(sample.prompt).input_ids + ids[:t]])
            out = model.generate(
                given,
                attention_mask=torch.ones_like(given),
                do_sample=False,
                max_new_tokens=len(reference),
                pad_token_id=0,
            )
            assert list(generated) == [i for i in out[0, given.shape[1] :].tolist() if i != 1]


def test_a_new_subject_sees_new_weights(subject, model, live, sets):
    before = subject.logprobs()[0]
    with torch.no_grad():
        model.lm_head.weight.mul_(0.5)
    np.testing.assert_array_equal(subject.logprobs()[0], before)  # one subject is one state of the model
    assert not np.allclose(live(sets, "forget").logprobs()[0], before)


def test_an_unknown_set_is_named_with_the_nearest(subject):
    with pytest.raises(FairforgetError, match=r"'holdut'.*Did you mean 'holdout'"):
        subject.on("holdut")


def test_an_empty_set(subject):
    nobody = subject.on("nobody")
    assert (nobody.logprobs(), nobody.hits(), nobody.generate(), nobody.continuations()) == ([], [], [], [])
