"""Membership, memorization and exposure of a whole study, against the retrained oracle."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fairforget.cli import main

PLUGIN = '''
from fairforget import Entry, hookimpl
from fairforget.api import MetricUse, PluginSpec
from fairforget_tasks.biographies import Biographies

ATTACKS = ("mia-loss", "mia-zlib", "mia-min-k", "mia-min-k-plus-plus", "mia-grad-norm", "mia-reference")
OTHERS = ("privleak", "exact-memorization", "extraction-strength", "gen-ex", "misalignment")


class Exposed(Biographies):
    """The embedded task under every metric of privacy."""

    def metrics(self):
        uses = [MetricUse(name, PluginSpec(name), "forget", "completeness") for name in ATTACKS]
        uses += [MetricUse(name, PluginSpec(name), "forget", "diagnostic") for name in OTHERS]
        member = PluginSpec("mia-loss", {"orientation": "member", "scope": "full", "oracle": True})
        choice = PluginSpec("misalignment", {"by": "choice"})
        return [
            *uses,
            MetricUse("member", member, "forget", "completeness"),
            MetricUse("choice", choice, "forget", "diagnostic"),
            MetricUse("utility", PluginSpec("probability"), "retain", "utility"),
        ]


@hookimpl
def fairforget_tasks():
    return [Entry("exposed", f"{__name__}:Exposed")]
'''
STUDY = """\
name: exposed
task: {name: exposed, people: 8, retain_people: 4, holdout_people: 6, samples: 2, world_facts: 4, frequencies: [4],
  distributions: [in], lengths: [short], rare_words: [0], hidden_size: 64, layers: 1, vocabulary: 400, epochs: 10,
  learning_rate: 6.0e-3}
samplers: [random]
draws: 1
forget_size: 8
methods: [untouched, retrain]
budget: {updates: 2}
optimizer: {lr: 1.0e-3, batch_size: 4}
engine: inline
"""
ATTACKS = ("mia-loss", "mia-zlib", "mia-min-k", "mia-min-k-plus-plus", "mia-grad-norm", "mia-reference", "member")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """By method."""
    folder = tmp_path_factory.mktemp("privacy")
    (folder / "exposed.py").write_text(PLUGIN)
    (folder / "study.yaml").write_text(STUDY)
    arguments = ["--out", str(folder / "out"), "--plugin", str(folder / "exposed.py")]
    assert main(["run", str(folder / "study.yaml"), *arguments]) == 0
    found = [json.loads(path.read_text()) for path in (folder / "out" / "cells").glob("*.json")]
    return {record["cell"]["method"]["name"].rpartition("/")[2]: record for record in found}


@pytest.mark.slow
def test_everything_is_measured(records):
    for record in records.values():
        assert (record["status"], record["problems"]) == ("ok", [])
        for column, score in record["scores"].items():
            assert score["value"] is not None, column
            assert score["n"] + len(score["excluded"]) == (8 if score["on"] == "forget" else score["n"]), column
            assert score["details"].get("warnings", []) == []


@pytest.mark.slow
def test_every_auc_is_that_of_scikit_learn_on_the_stored_items(records):
    for record in records.values():
        for column in ATTACKS:
            score, items = record["scores"][column], list(record["items"][column].values())
            negatives = list(score["details"]["negative_items"].values())
            labels = [1] * len(items) + [0] * len(negatives)
            value = 1 - score["value"] if column == "member" else score["value"]
            assert value == pytest.approx(roc_auc_score(labels, [*items, *negatives]), abs=1e-12)
            assert score["better"] == ("lower" if column == "member" else "higher")


@pytest.mark.slow
def test_what_was_learned_shows(records):
    scores = {name: {c: s["value"] for c, s in record["scores"].items()} for name, record in records.items()}
    knows, oracle = scores["untouched"], scores["retrain"]
    for column in ("mia-loss", "mia-min-k", "mia-grad-norm", "mia-reference"):
        assert knows[column] < 0.2
    assert knows["member"] > 0.8
    assert knows["privleak"] < -50
    assert knows["gen-ex"] > 5
    assert knows["exact-memorization"] > oracle["exact-memorization"]
    assert knows["extraction-strength"] > oracle["extraction-strength"]


@pytest.mark.slow
def test_the_oracle_is_like_itself(records):
    score = records["retrain"]["scores"]
    assert score["privleak"]["value"] == pytest.approx(0, abs=1e-9)
    assert score["gen-ex"]["value"] == pytest.approx(0, abs=1e-5)
    assert np.allclose(list(records["retrain"]["items"]["mia-reference"].values()), 0, atol=1e-5)
    assert score["member"]["details"]["distance"] == pytest.approx(0, abs=1e-9)
    assert score["member"]["details"]["oracle_auc"] == pytest.approx(score["member"]["value"])
    other = records["untouched"]["scores"]
    assert other["privleak"]["details"]["auc_reference"] == score["privleak"]["details"]["auc"]
    assert other["member"]["details"]["oracle_auc"] == pytest.approx(score["member"]["value"])
