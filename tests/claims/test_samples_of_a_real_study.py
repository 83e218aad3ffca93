"""Statistics over single samples on cells that a study really wrote."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import fairforget
from fairforget.claims.statistics.mixed_slope import MixedSlope
from fairforget.claims.statistics.rank_correlation import RankCorrelation
from fairforget.claims.values import Evidence, Part
from fairforget.store.reading import record_from_json

STUDY = """
name: one-by-one
task: {name: biographies, people: 12, retain_people: 2, holdout_people: 2, samples: 1, world_facts: 0,
  frequencies: [1, 4], distributions: [in], lengths: [short], hidden_size: 32, layers: 1, vocabulary: 400, epochs: 12}
samplers: [random]
draws: 12
forget_size: 1
unit: sample
disjoint: true
methods: [{name: untouched, draws: 2}, grad-ascent]
budget: {updates: 9, stop: {rule: memorization, policy: unseen}}
optimizer: {name: adamw, lr: 1.0e-3, batch_size: 1}
evaluation: {max_new_tokens: 4}
engine: inline
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The cells as they lie on disk."""
    folder = tmp_path_factory.mktemp("one-by-one")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    fairforget.run(folder / "study.yaml", out=folder / "run")
    return [json.loads(path.read_text("utf-8")) for path in sorted((folder / "run" / "cells").glob("*.json"))]


@pytest.mark.slow
def test_the_correlation_is_that_of_the_files(found):
    ran = [cell for cell in found if cell["cell"]["method"]["label"] == "grad-ascent"]
    assert len(ran) == 12
    cut = [cell["ledger"]["stopped"] == "budget" for cell in ran]
    assert 0 < sum(cut) < 12  # the world has runs of both kinds
    probability = [cell["draw_info"]["covariates"]["initial_probability"] for cell in ran]
    updates = [99 if late else cell["ledger"]["updates"] for cell, late in zip(ran, cut, strict=True)]

    evidence = Evidence("small", {"": Part(tuple(record_from_json(cell) for cell in found))})
    effect = RankCorrelation(score="initial_probability").estimate(evidence, np.random.default_rng(0))
    assert effect.value == pytest.approx(stats.spearmanr(probability, updates).statistic)
    assert (effect.n, effect.unit) == (12, "samples")
    assert f"{sum(cut)} of 12 runs ended with the budget" in effect.problem
    assert [row["row"] for row in effect.figure["rows"]] == ["grad-ascent + uniform"]

    slope = MixedSlope(score="initial_probability", scale="rank").estimate(evidence, np.random.default_rng(0))
    assert slope.known
    ranks = (stats.rankdata(updates) - 6.5) / 12 * 12**0.5
    expected = stats.linregress((probability - np.mean(probability)) / np.std(probability), ranks).slope
    assert slope.value == pytest.approx(expected)
