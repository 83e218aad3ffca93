"""What `toy-villages` is, and that its model knows it."""

from __future__ import annotations

import pytest
from fairforget_toy.villages import HOLDOUT, POOL, RETAIN, Villages

import fairforget


def test_the_corpus_is_what_it_says():
    corpus = Villages().corpus()
    parts = corpus.pool, corpus.retain, corpus.holdout
    assert [len(part) for part in parts] == [3 * POOL, 3 * RETAIN, 3 * HOLDOUT]
    every = [sample for part in parts for sample in part]
    for texts in ([s.id for s in every], [s.prompt for s in every], [s.completion for s in every]):
        assert len(set(texts)) == len(every)
    for part in parts:
        villages = {s.group for s in part}
        canaries = {s.group for s in part if s.attributes["distribution"] == "canary"}
        assert len(villages) == 3 * len(canaries)
    mayors = [s.completion.split(" is the mayor")[0] for s in every if s.id.endswith("-mayor")]
    assert len(set(mayors)) == len(mayors)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    study = {
        "name": "toys",
        "task": "toy-villages",
        "samplers": ["toy-attribute", {"name": "binned", "by": "toy-weakest-token", "match": "none", "bins": 2}],
        "draws": 1,
        "forget_size": 9,
        "methods": ["untouched", "toy-bounded"],
        "budget": {"epochs": 6},
        "optimizer": {"lr": 2.0e-3, "batch_size": 8},
        "engine": "inline",
    }
    return fairforget.run(study, tmp_path_factory.mktemp("toys"))


def value(results, method, column):
    rows = results[results["method"].str.endswith(f"/{method}") & (results["column"] == column)]
    return rows["value"].mean()


def test_the_target_knows_what_it_was_taught_and_nothing_else(results):
    assert value(results, "untouched", "retain_rouge_l") > 0.95
    assert value(results, "untouched", "forget_probability") < 0.1  # a complement: little is forgotten
    assert value(results, "untouched", "holdout_probability") < 0.3


def test_all_four_of_the_distribution_make_a_study(results):
    assert set(results["status"]) == {"ok"}
    assert value(results, "toy-bounded", "forget_probability") > value(results, "untouched", "forget_probability") + 0.2
