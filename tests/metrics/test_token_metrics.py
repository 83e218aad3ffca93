"""Probability, perplexity, MA and EL: by hand on written-down models, and on a real one against plain loops."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from fairforget.api import Sample
from fairforget_tasks.metrics.extraction_likelihood import ExtractionLikelihood
from fairforget_tasks.metrics.memorization_accuracy import MemorizationAccuracy
from fairforget_tasks.metrics.perplexity import Perplexity
from fairforget_tasks.metrics.probability import Probability
from fairforget_tasks.metrics.rouge_l import RougeL

SAMPLES = (Sample("a", "q", "x y"), Sample("b", "q", "x"), Sample("c", "q", ""), Sample("d", "", "x y z"))
LOGPROBS = [np.log([0.5, 0.125]), np.log([0.2]), np.empty(0), np.log([0.9, 0.9, 0.1])]


def test_probability_is_the_geometric_mean_of_the_tokens(told):
    found = Probability().measure(told(SAMPLES, logprobs=LOGPROBS))
    assert found.items == pytest.approx({"a": 0.25, "b": 0.2, "d": 0.081 ** (1 / 3)})
    assert found.value == pytest.approx((0.25 + 0.2 + 0.081 ** (1 / 3)) / 3)
    assert found.n == 3
    assert set(found.excluded) == {"c"}


def test_perplexity_counts_every_token_once(told):
    found = Perplexity().measure(told(SAMPLES, logprobs=LOGPROBS))
    assert found.items == pytest.approx({"a": 4, "b": 5, "d": 0.081 ** (-1 / 3)})
    assert found.value == pytest.approx((0.0625 * 0.2 * 0.081) ** (-1 / 6))
    assert found.details["tokens"] == 6
    assert found.details["mean_nll"] == pytest.approx(math.log(found.value))
    assert set(found.excluded) == {"c"}


def test_a_diverged_model_is_infinite_and_a_broken_one_nan(told):
    diverged = Perplexity().measure(told(SAMPLES[:2], logprobs=[np.array([-1e3]), np.array([-1.0])]))
    assert diverged.items["a"] == math.inf
    assert diverged.items["b"] == pytest.approx(math.e)
    assert diverged.value == pytest.approx(math.exp(500.5))
    for metric in (Perplexity(), Probability()):
        broken = metric.measure(told(SAMPLES[:2], logprobs=[np.array([np.nan, -1]), np.array([-1.0])]))
        assert math.isnan(broken.value)
        assert math.isnan(broken.items["a"])
        assert math.isfinite(broken.items["b"])
        json.dumps(broken.details, allow_nan=False)


def test_memorization_accuracy_counts_the_first_token_only_after_a_prompt(told):
    hits = [np.array(h, dtype=bool) for h in ([1, 0], [1], [], [1, 0, 1])]
    found = MemorizationAccuracy().measure(told(SAMPLES, hits=hits))
    assert found.items == {"a": 0.5, "b": 1.0, "d": 0.5}
    assert found.value == pytest.approx(2 / 3)
    alone = MemorizationAccuracy().measure(told((Sample("e", "", "x"),), hits=[np.array([True])]))
    assert alone.items == {}
    assert math.isnan(alone.value)
    assert "without a prompt" in alone.excluded["e"]


def test_extraction_likelihood_by_hand(told):
    pairs = [
        [((2, 3, 9), (2, 3, 4)), ((9,), (3, 4)), ((4,), (4,))],
        [],
        [],
        [((5,), (5,))],
    ]
    told_subject = told(SAMPLES, pairs=pairs)
    found = ExtractionLikelihood(n=2).measure(told_subject)
    assert found.items == {"a": (1 / 2 + 0) / 2}
    assert set(found.excluded) == {"b", "c", "d"}
    assert "n = 2" in found.excluded["d"]
    assert found.details["prefixes"] == 2
    assert ExtractionLikelihood(n=1).measure(told_subject).items == {"a": (2 / 3 + 0 + 1) / 3, "d": 1}
    strided = ExtractionLikelihood(n=1, stride=2).measure(told_subject)
    assert strided.items == {"a": (2 / 3 + 1) / 2, "d": 1}
    assert strided.details["stride"] == 2


def test_the_denominator_of_el(told):
    early = told(SAMPLES[:1], pairs=[[((2, 3), (2, 3, 4, 5))]])
    assert ExtractionLikelihood(n=2).measure(early).value == 1
    assert ExtractionLikelihood(n=2, el_denominator="reference").measure(early).value == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "metric",
    [Probability(), Perplexity(), MemorizationAccuracy(), ExtractionLikelihood(n=2)],
    ids=lambda m: type(m).__name__,
)
@pytest.mark.parametrize("name", ["forget", "retain", "holdout", "nobody"])
def test_every_sample_of_a_real_model_is_measured_or_excluded(subject, metric, name):
    found = metric.measure(subject.on(name))
    assert set(found.items) | set(found.excluded) == {s.id for s in subject.on(name).samples}
    assert not set(found.items) & set(found.excluded)
    assert found.n == len(found.items)
    assert math.isfinite(found.value) == (name != "nobody")
    assert all(found.excluded.values())
    json.dumps(found.details, allow_nan=False)


def test_a_model_that_recites_has_full_marks(live, tokenizer):
    """Its own greedy answers, taken for completions, are remembered entirely."""
    words = tokenizer.convert_ids_to_tokens(range(2, len(tokenizer)))
    asked = tuple(Sample(word, f"who is {word} ?", "he") for word in words)
    answers = zip(asked, live({"it": asked}, "it").generate(), strict=True)
    # Answers that are not cut short lost no special token on the way to text.
    whole = [Sample(s.id, s.prompt, answer) for s, answer in answers if len(tokenizer(answer).input_ids) == 8]
    assert len(whole) > 2
    recited = live({"it": tuple(whole)}, "it")
    assert MemorizationAccuracy().measure(recited).value == 1
    assert ExtractionLikelihood(n=2).measure(recited).value == 1
    assert RougeL().measure(recited).value == 1
