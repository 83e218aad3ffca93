"""Directions, complements, caps and health of an evaluation."""

import math
import re

import numpy as np
import pytest

from fairforget.api import Measurement, Metric, MetricUse, PluginSpec, Sample
from fairforget.run.measures.evaluate import better_of, capped, evaluate


class Fixed(Metric):
    """A metric whose items are given."""

    higher_is = "more memory"

    def __init__(self, items):
        self.items = items

    def measure(self, subject):
        return Measurement(float(np.mean(list(self.items.values()))), self.items, len(self.items), {"x": "empty"})


class Subject:
    """Stands for a model that gives every retain token the same log-probability."""

    def __init__(self, logprob=-0.1):
        self.logprob, self.asked = logprob, []

    def on(self, name):
        return self

    def logprobs(self):
        return [np.full(3, self.logprob), np.empty(0)]

    def ask(self, asked, reads):
        self.asked += list(asked)

    def warnings(self):
        return []


def use(role="completeness", complement=False, column="c", on="forget"):
    return MetricUse(column, PluginSpec("fixed"), on, role, complement=complement)


@pytest.mark.parametrize(
    ("higher_is", "role", "complement", "better"),
    [
        ("more memory", "completeness", False, "lower"),
        ("more memory", "completeness", True, "higher"),
        ("less memory", "completeness", False, "higher"),
        ("more memory", "utility", False, "higher"),
        ("less memory", "utility", True, "higher"),
        ("worse", "utility", False, "lower"),
        ("better", "utility", False, "higher"),
        ("more memory", "diagnostic", False, None),
    ],
)
def test_which_direction_is_good(higher_is, role, complement, better):
    metric = Fixed({})
    metric.higher_is = higher_is
    assert better_of(use(role, complement), metric) == better


def test_a_complement_turns_aggregate_and_items():
    found = evaluate(Subject(), [(use(complement=True), Fixed({"a": 0.25, "b": 0.75}))], 100)
    assert found.scores["c"]["value"] == 0.5
    assert found.items["c"] == {"a": 0.75, "b": 0.25}
    assert found.scores["c"]["excluded"] == {"x": "empty"}
    assert found.problems == []


def test_nothing_that_is_not_finite_is_dropped_silently():
    found = evaluate(Subject(), [(use(), Fixed({"a": math.inf, "b": 1.0}))], 100)
    assert found.scores["c"]["value"] is None
    assert found.items["c"] == {"a": None, "b": 1.0}
    assert [p["kind"] for p in found.problems] == ["not-finite"]
    assert "1 of 2 items" in found.problems[0]["message"]


@pytest.mark.parametrize(
    ("excluded", "reason"),
    [
        ({"a": "empty", "b": "no paraphrase", "c": "no paraphrase"}, "of 3 samples none can be .* of 2: no paraphrase"),
        ({}, "there is no sample to measure"),
    ],
)
def test_a_column_without_a_value_says_why(excluded, reason):
    class Nothing(Fixed):
        def measure(self, subject):
            return Measurement(math.nan, {}, 0, excluded)

    (problem,) = evaluate(Subject(), [(use(), Nothing({}))], 100).problems
    assert problem["kind"] == "not-finite"
    assert re.search(f"^c: no value: .*{reason}$", problem["message"])


def test_what_a_metric_warns_of_is_a_problem_of_the_record():
    class Careful(Fixed):
        def measure(self, subject):
            return Measurement(0.5, {"a": 0.5}, 1, details={"warnings": ["the reference is small"]})

    found = evaluate(Subject(), [(use(), Careful({}))], 100)
    assert found.problems == [{"kind": "warning", "message": "c: the reference is small"}]


@pytest.mark.parametrize(("logprob", "collapsed"), [(-0.1, False), (-4.5, False), (-4.7, True), (math.nan, True)])
def test_a_model_no_better_than_a_guess_is_recorded_as_collapsed(logprob, collapsed):
    found = evaluate(Subject(logprob), [], 100)  # log 100 = 4.605
    assert [p["kind"] for p in found.problems] == (["collapsed"] if collapsed else [])


def test_prompts_are_asked_for_beforehand():
    metric, subject = Fixed({"a": 1.0}), Subject()
    metric.prompts = ("prompt", "paraphrased_prompt")
    evaluate(subject, [(use(on="retain"), metric)], 100)
    assert subject.asked == [("retain", "prompt"), ("retain", "paraphrased_prompt")]


def test_a_cap_chooses_the_same_samples_whatever_else_there_is():
    samples = tuple(Sample(f"s{i}", "", "") for i in range(50))
    chosen = capped(samples, 10)
    assert len(chosen) == 10
    assert [s.id for s in chosen] == [s.id for s in samples if s in chosen], "in their order"
    assert set(chosen) <= set(capped(samples, 20))
    assert set(capped(samples[::-1], 10)) == set(chosen)
    assert capped(samples, None) == capped(samples, 99) == samples
