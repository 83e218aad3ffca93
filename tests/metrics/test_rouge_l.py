from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from fairforget.api import Sample
from fairforget_tasks.metrics.rouge_l import RougeL, rouge_l, words

SCORERS = {stemmer: RougeScorer(["rougeL"], use_stemmer=stemmer) for stemmer in (True, False)}
PROSE = st.lists(
    st.sampled_from(
        "The the cats cat sitting sits sat, running; runner's Ägypten naïve 東京 x\u00b2 12 1.2 x's -- İstanbul".split()
    ),
    max_size=30,
).map(" ".join)


@given(st.one_of(st.text(max_size=60), PROSE), st.one_of(st.text(max_size=60), PROSE), st.booleans())
@settings(deadline=None, derandomize=True, max_examples=600)
def test_bitwise_equal_to_rouge_score(reference, answer, stemmer):
    expected = SCORERS[stemmer].score(reference, answer)["rougeL"]
    found = rouge_l(words(reference, stemmer=stemmer), words(answer, stemmer=stemmer))
    assert found == (expected.recall, expected.fmeasure)


def test_options_and_what_is_left_out(told):
    samples = (
        Sample("a", "who?", "Anna writes long books"),
        Sample("b", "who?", "東京"),
        Sample("c", "", "Anna writes"),
        Sample("d", "who?", ""),
        Sample("e", "who?", "nothing said"),
    )
    subject = told(samples, answers={"prompt": ["anna wrote long book today now", "東京", "anna writes", "x", ""]})
    found = RougeL().measure(subject)
    assert found.items == {"a": 3 / 4, "e": 0}
    assert found.value == 3 / 8
    assert set(found.excluded) == {"b", "c", "d"}
    assert "no prompt" in found.excluded["c"]
    assert RougeL(stemmer=False).measure(subject).items == {"a": 2 / 4, "e": 0}
    assert RougeL(score="f1").measure(subject).items["a"] == pytest.approx(2 * 3 / (4 + 6))
    assert found.details == {"score": "recall", "stemmer": True}


@pytest.mark.parametrize("name", ["forget", "retain", "holdout", "nobody"])
def test_on_a_real_model(subject, name):
    on = subject.on(name)
    found = RougeL().measure(on)
    assert set(found.items) | set(found.excluded) == {s.id for s in on.samples}
    answers = dict(zip([s.id for s in on.samples], on.generate(), strict=True))
    for sample in on.samples:
        if sample.id in found.items:
            expected = SCORERS[True].score(sample.completion, answers[sample.id])["rougeL"].recall
            assert found.items[sample.id] == expected
    assert math.isnan(found.value) == (not found.items)
