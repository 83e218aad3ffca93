"""A model whose log-likelihoods are no numbers has no score; argmax would call its first choice the best."""

from __future__ import annotations

import math

import pytest
import torch

from fairforget.api import MetricUse, PluginSpec
from fairforget.run.measures.evaluate import evaluate
from fairforget_tasks.lm_eval.index import Part
from fairforget_tasks.lm_eval.outcome import outcome
from fairforget_tasks.metrics.multiple_choice import MultipleChoice
from fairforget_tasks.metrics.zero_shot import ZeroShot


@pytest.fixture
def broken(make_model, live):
    model = make_model()
    with torch.no_grad():
        model.model.embed_tokens.weight.fill_(math.nan)
    return live(model)


NAMES = [("truthfulqa_mc1",), ("truthfulqa_mc2",), ("wmdp",), ("piqa", "boolq")]


@pytest.mark.parametrize("names", NAMES, ids=",".join)
def test_a_broken_model_has_no_accuracy(broken, data, names):
    found = MultipleChoice(tasks=names, data=data).measure(broken)
    assert found.n == 0
    assert math.isnan(found.value)
    assert all(math.isnan(item) for item in found.items.values())
    assert found.excluded.keys() == found.items.keys() != set()


def test_a_broken_model_has_no_perplexity_and_no_average(broken, data):
    text = MultipleChoice(tasks=("wikitext",), score="word_perplexity", data=data).measure(broken)
    assert math.isnan(text.value)
    assert len(text.excluded) == 4
    assert math.isnan(ZeroShot(tasks=("piqa", "boolq"), data=data).measure(broken).value)
    use = MetricUse("mc1", PluginSpec("multiple-choice"), "retain", "utility")
    found = evaluate(broken, [(use, MultipleChoice(tasks=("truthfulqa_mc1",), data=data))], None)
    assert (found.scores["mc1"]["value"], found.scores["mc1"]["n"]) == (None, 0)
    assert {problem["kind"] for problem in found.problems} == {"not-finite"}


def test_a_working_model_loses_nothing(make_model, live, data):
    found = MultipleChoice(tasks=("truthfulqa_mc1",), data=data).measure(live(make_model()))
    assert (found.n, found.excluded) == (6, {})


@pytest.mark.parametrize(("bad", "lost"), [(math.nan, ["birds/1"]), (-math.inf, [])])
def test_one_document_that_is_not_a_number_leaves_the_task_without_a_value(bad, lost):
    def sample(number, *scores):
        responses = [(score, False) for score in scores]
        return {
            "doc_id": number, "doc_hash": "", "filter": "none", "acc": 1.0, "arguments": [],
            "resps": [[one] for one in responses], "filtered_resps": responses,
        }  # fmt: skip

    results = {
        "results": {"birds": {"acc,none": 1.0}},
        "samples": {"birds": [sample(0, -1.0, -2.0), sample(1, -1.0, bad)]},
    }
    found = outcome(Part("birds", ("birds",)), results, "acc", set())
    assert list(found.broken) == lost
    assert found.items["birds/0"] == 1.0
    assert math.isnan(found.value) == math.isnan(found.items["birds/1"]) == bool(lost)
