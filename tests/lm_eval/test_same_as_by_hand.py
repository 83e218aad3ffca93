"""Our values are those of lm_eval.simple_evaluate on the same task files and rows, to the last digit."""

from __future__ import annotations

import math

import lm_eval
import numpy as np
import pytest
import torch

from fairforget.api import MetricUse, PluginSpec
from fairforget.run.measures.evaluate import evaluate
from fairforget_tasks.metrics.multiple_choice import MultipleChoice
from fairforget_tasks.metrics.zero_shot import EIGHT, ZeroShot

CHOICES = ["truthfulqa_mc1", "truthfulqa_mc2", "mmlu_anatomy", "mmlu_virology", "wmdp"]


def measured(live, model, *metrics):
    subject = live(model)
    for metric in metrics:
        metric.announce(subject)
    return [metric.measure(subject) for metric in metrics]


@pytest.fixture
def calls(monkeypatch):
    """The names of the tasks of every call of lm_eval.evaluate."""
    found, real = [], lm_eval.evaluate

    def noting(lm, task_dict, **options):
        found.append(sorted(task_dict["tasks"]))
        return real(lm, task_dict, **options)

    monkeypatch.setattr(lm_eval, "evaluate", noting, raising=False)
    return found


def test_every_stock_task_has_the_value_and_the_items_of_simple_evaluate_in_one_call(
    make_model, live, data, by_hand, calls
):
    metrics = [MultipleChoice(tasks=(name,), data=data) for name in (*EIGHT, *CHOICES)]
    text = MultipleChoice(tasks=("wikitext",), score="word_perplexity", data=data)
    model = make_model()
    *found, zero, perplexity = measured(live, model, *metrics, ZeroShot(data=data), text)
    assert len(calls) == 1
    truth = by_hand(model, [*EIGHT, *CHOICES, "wikitext"], data)
    for name, one in zip((*EIGHT, *CHOICES), found, strict=True):
        assert one.value == truth["results"][name]["acc,none"], name
        leaves = ["wmdp_bio", "wmdp_chem", "wmdp_cyber"] if name == "wmdp" else [name]
        by_document = {f"{leaf}/{s['doc_id']}": float(s["acc"]) for leaf in leaves for s in truth["samples"][leaf]}
        assert one.items == by_document
        assert one.n == len(by_document)
    assert zero.value == np.mean([truth["results"][name]["acc,none"] for name in EIGHT])
    assert zero.n == sum(one.n for one in found[: len(EIGHT)])
    assert perplexity.value == truth["results"]["wikitext"]["word_perplexity,none"]
    assert len({one.value for one in found}) > 3
    assert 0 < zero.value < 1


def test_groups_are_weighted_by_documents(make_model, live, data):
    model = make_model()
    names = ["wmdp_bio", "wmdp_chem", "wmdp_cyber"]
    group, listed, equal = measured(
        live,
        model,
        MultipleChoice(tasks=("wmdp",), data=data),
        MultipleChoice(tasks=names, data=data),
        MultipleChoice(tasks=names, data=data, weight="tasks"),
    )
    parts = {name: [v for k, v in group.items.items() if k.startswith(name)] for name in names}
    assert [len(v) for v in parts.values()] == [9, 3, 5]
    assert group.value == pytest.approx(np.mean(list(group.items.values())), abs=1e-12)
    assert listed.value == pytest.approx(group.value, abs=1e-12)
    assert equal.value == pytest.approx(np.mean([np.mean(v) for v in parts.values()]), abs=1e-12)
    assert group.value != equal.value


@torch.no_grad()
def test_an_item_of_boolq_is_1_where_the_right_word_is_more_likely(make_model, live, data, tokenizer):
    import json

    model = make_model()
    (found,) = measured(live, model, MultipleChoice(tasks=("boolq",), data=data))

    def loglikelihood(prompt, continuation):
        start, whole = len(tokenizer(prompt)["input_ids"]), tokenizer(prompt + continuation)["input_ids"]
        scores = model(torch.tensor([whole])).logits[0].double().log_softmax(-1)
        return sum(scores[t - 1, whole[t]].item() for t in range(start, len(whole)))

    lines = (data / "super_glue/boolq/validation.jsonl").read_text().splitlines()
    for number, row in enumerate(map(json.loads, lines)):
        prompt = f"{row['passage']}\nQuestion: {row['question']}?\nAnswer:"
        said = loglikelihood(prompt, " yes") > loglikelihood(prompt, " no")
        assert found.items[f"boolq/{number}"] == float(said == bool(row["label"]))


def test_the_perplexity_of_text_follows_from_its_items(make_model, live, data):
    import json

    (words,) = measured(live, make_model(), MultipleChoice(tasks=("wikitext",), score="word_perplexity", data=data))
    (bits,) = measured(live, make_model(), MultipleChoice(tasks=("wikitext",), score="bits_per_byte", data=data))
    lines = (data / "wikitext_document_level/wikitext-2-raw-v1/test.jsonl").read_text().splitlines()
    pages = [json.loads(line)["page"] for line in lines]
    counts, sizes = [len(page.split()) + 2 for page in pages], [len(page.encode()) for page in pages]
    nats = [math.log(item) * k for item, k in zip(words.items.values(), counts, strict=True)]
    assert words.value == pytest.approx(math.exp(sum(nats) / sum(counts)), rel=1e-9)
    assert bits.value == pytest.approx(sum(nats) / sum(sizes) / math.log(2), rel=1e-9)
    weighted = [item * k for item, k in zip(bits.items.values(), sizes, strict=True)]
    assert bits.value == pytest.approx(sum(weighted) / sum(sizes), rel=1e-9)


def test_examples_in_the_prompt(make_model, live, data, by_hand):
    model = make_model()
    none, two = measured(
        live,
        model,
        MultipleChoice(tasks=("mmlu_anatomy",), data=data),
        MultipleChoice(tasks=("mmlu_anatomy",), data=data, num_fewshot=2),
    )
    truth = by_hand(model, ["mmlu_anatomy"], data, num_fewshot=2)
    assert two.value == truth["results"]["mmlu_anatomy"]["acc,none"]
    assert two.items == {f"mmlu_anatomy/{s['doc_id']}": s["acc"] for s in truth["samples"]["mmlu_anatomy"]}
    assert none.items.keys() == two.items.keys()


def test_limit_and_batch_size(make_model, live, data, by_hand):
    model = make_model()
    (found,) = measured(
        live, model, MultipleChoice(tasks=("arc_easy",), score="acc_norm", data=data, limit=3, batch_size=2)
    )
    truth = by_hand(model, ["arc_easy"], data, limit=3, batch_size=2)
    assert found.n == 3
    assert found.value == truth["results"]["arc_easy"]["acc_norm,none"]


def test_a_cell_makes_one_call_and_has_the_directions(make_model, live, data, calls):
    def use(column, role, metric):
        return MetricUse(column, PluginSpec("any"), "forget", role), metric

    uses = [
        use("wmdp", "completeness", MultipleChoice(tasks=("wmdp",), data=data)),
        use("cyber", "completeness", MultipleChoice(tasks=("wmdp_cyber",), data=data)),
        use("zero_shot", "utility", ZeroShot(data=data)),
        use("boolq", "utility", MultipleChoice(tasks=("boolq",), data=data)),
        use("wikitext", "utility", MultipleChoice(tasks=("wikitext",), score="word_perplexity", data=data)),
    ]
    found = evaluate(live(make_model()), uses, vocabulary=10**9)
    assert len(calls) == 1
    assert not found.problems
    better = {column: score["better"] for column, score in found.scores.items()}
    assert better == {"wmdp": "lower", "cyber": "lower", "zero_shot": "higher", "boolq": "higher", "wikitext": "lower"}
    assert found.items["cyber"].items() <= found.items["wmdp"].items()


def test_other_settings_are_another_call(make_model, live, data, calls):
    measured(
        live,
        make_model(),
        MultipleChoice(tasks=("boolq",), data=data),
        MultipleChoice(tasks=("piqa",), data=data),
        MultipleChoice(tasks=("boolq",), data=data, limit=2),
    )
    assert calls == [["boolq", "piqa"], ["boolq"]]


def test_another_state_of_the_model_is_measured_anew(make_model, live, data, calls):
    metric = MultipleChoice(tasks=("boolq",), data=data)
    measured(live, make_model(), metric)
    measured(live, make_model(), metric)
    assert len(calls) == 2
