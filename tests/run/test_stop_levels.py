"""Where the level of the stop rule comes from, on a real target and its oracle."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fairforget.errors import FairforgetError
from fairforget.lm.memory import memory
from fairforget.run.looks.stop_levels import memorization_rule
from fairforget.run.targets.target import load_target
from fairforget.run.workbench import open_workbench

OPTIONS = {
    "people": 8, "retain_people": 4, "holdout_people": 4, "samples": 2, "world_facts": 4, "frequencies": [2],
    "distributions": ["in"], "lengths": ["short"], "rare_words": [0], "hidden_size": 32, "layers": 1,
    "vocabulary": 400, "epochs": 6, "learning_rate": 6e-3,
}  # fmt: skip
ASKED = {"n": 2, "stride": 2}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    task = json.dumps({"name": "biographies", "options": OPTIONS})
    return open_workbench(task, "null", str(tmp_path_factory.mktemp("cache")), ())


@pytest.fixture(scope="module")
def draw(bench):
    return tuple(sample.id for sample in bench.corpus.pool[:4])


def level(bench, draw, **asked):
    found = memorization_rule(bench, {**ASKED, **asked}, draw).level
    return found.memorization_accuracy, found.extraction_likelihood


def means(model, samples):
    found = memory(model, samples, n=2, stride=2)
    return found.memorization_accuracy.mean(), np.nanmean(found.extraction_likelihood)


@pytest.mark.parametrize(("policy", "part"), [("unseen", "holdout"), ("paper_literal", "pool")])
def test_a_level_of_the_target(bench, draw, policy, part):
    samples = bench.target.encode(getattr(bench.corpus, part), bench.corpus)
    assert level(bench, draw, policy=policy) == pytest.approx(means(bench.target.model, samples))


def test_the_level_of_the_oracle_is_of_the_draw(bench, draw):
    oracle = load_target(bench.oracle_folder(draw), bench.recipe)
    samples = bench.target.encode(bench.corpus.pool[:4], bench.corpus)
    found = level(bench, draw, policy="retrain")
    assert found == pytest.approx(means(oracle.model, samples))
    assert found != level(bench, tuple(sample.id for sample in bench.corpus.pool[4:8]), policy="retrain")


def test_what_the_oracle_never_saw_is_forgotten_and_the_target_has_not_forgotten(bench, draw):
    samples = bench.target.encode(bench.corpus.pool[:4], bench.corpus)
    rule = memorization_rule(bench, {**ASKED, "policy": "retrain"}, draw)
    oracle = load_target(bench.oracle_folder(draw), bench.recipe)
    nothing = np.zeros(4, dtype=bool)
    assert rule.read(oracle.model.eval(), samples, nothing).met
    assert not rule.read(bench.target.model, samples, nothing).met


def test_a_cell_from_before_quantiles_has_none(bench, draw):
    stop = {"rule": "memorization", "policy": "unseen", "every": None, "n": 2, "stride": 2}
    assert memorization_rule(bench, stop, draw).quantile is None
    assert memorization_rule(bench, {**stop, "quantile": 0.9}, draw).quantile == 0.9


def test_no_unseen_samples_is_said_with_the_mend(bench, draw):
    without = replace(bench, corpus=replace(bench.corpus, holdout=()))
    with pytest.raises(FairforgetError, match="this task has none; use 'paper_literal' or 'retrain'"):
        level(without, draw, policy="unseen")
