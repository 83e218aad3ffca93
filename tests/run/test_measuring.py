"""A cell is measured: each text and prompt once, the oracle when a metric asks, all of it booked."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
import torch

from fairforget.api import MetricUse, PluginSpec
from fairforget.run.counting.ledger import Ledger
from fairforget.run.measures.measuring import measure
from fairforget.run.targets.target import load_target
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

from .tiny_study import OPTIONS as TINY

PLUGIN = '''
from fairforget import Entry, hookimpl
from fairforget.api import Measurement, Metric
import numpy as np


class Gap(Metric):
    """Mean log-probability against the oracle's; NaN where there is none."""

    higher_is = "more memory"

    def measure(self, subject):
        oracle = subject.reference()
        if oracle is None:
            return Measurement(float("nan"), {}, 0, {s.id: "no oracle" for s in subject.samples})
        pairs = zip(subject.samples, subject.logprobs(), oracle.logprobs(), strict=True)
        items = {s.id: float(own.mean() - other.mean()) for s, own, other in pairs}
        return Measurement(float(np.mean(list(items.values()))), items, len(items))


@hookimpl
def fairforget_metrics():
    return [Entry("gap", f"{__name__}:Gap")]
'''
OPTIONS = {**TINY, "epochs": 6}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    (folder / "gap_plugin.py").write_text(PLUGIN)
    task = json.dumps({"name": "biographies", "options": OPTIONS})
    return open_workbench(task, "null", str(folder / "cache"), (str(folder / "gap_plugin.py"),))


def described(bench, *uses):
    return [{**asdict(use), "metric": build(bench.registry, "metric", use.metric).to_json()} for use in uses]


@pytest.fixture
def cell(bench):
    settings = {"retain": None, "holdout": None, "others": None, "max_new_tokens": 8, "batch_tokens": None}
    task = build(bench.registry, "task", PluginSpec("biographies", OPTIONS)).plugin
    metrics = described(bench, *task.metrics())
    return {
        "draw": {"forget": [s.id for s in bench.corpus.pool[:4]]},
        "evaluation": {**settings, "metrics": metrics},
    }


@pytest.fixture
def asking(bench, cell):
    """The same cell, with two columns that look at the oracle."""
    gaps = [MetricUse(f"{on}_gap", PluginSpec("gap"), on, "diagnostic") for on in ("forget", "retain")]
    cell["evaluation"]["metrics"] = [*cell["evaluation"]["metrics"], *described(bench, *gaps)]
    return cell


def run(bench, cell, ledger=None):
    ledger = Ledger() if ledger is None else ledger
    with bench.model() as model, ledger.watch(model), ledger.phase("evaluation"):
        return measure(bench, cell, model, bench.corpus.pool[:4], ledger), ledger


def test_each_text_is_run_once_and_each_prompt_generated_once(bench, cell):
    rows = {"scored": [], "generated": []}

    def note(_module, _args, kwargs):
        cache = kwargs.get("past_key_values")
        if cache is None:
            mask = kwargs["attention_mask"].bool()
            kind = "generated" if kwargs.get("use_cache") else "scored"
            rows[kind] += [tuple(row[kept].tolist()) for row, kept in zip(kwargs["input_ids"], mask, strict=True)]

    handle = bench.target.model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        run(bench, cell)
    finally:
        handle.remove()
    for kind, seen in rows.items():
        assert len(seen) >= 20, kind
        assert len(seen) == len(set(seen)), kind


def test_attacks_of_every_scope_share_the_passes(bench, cell):
    """Min-K%++ over whole texts and over answers, beside plain log-probabilities: hints, and no text is run again."""
    attacks = [
        MetricUse(f"{name}_{scope}", PluginSpec(name, {"scope": scope}), "forget", "diagnostic")
        for name in ("mia-loss", "mia-min-k-plus-plus", "privleak")
        for scope in ("answer", "full")
    ]
    _, plain = run(bench, cell)
    settings = cell["evaluation"]
    metrics = [*settings["metrics"], *described(bench, *attacks)]
    _, ledger = run(bench, {**cell, "evaluation": {**settings, "metrics": metrics}})
    oracle = 4 + len(bench.corpus.holdout)  # what PrivLeak asks of it
    extra = ledger.phases["evaluation"].forward_sequences - plain.phases["evaluation"].forward_sequences
    assert extra == oracle


def test_no_oracle_is_made_where_no_metric_asks(bench, cell, tmp_path):
    found, ledger = run(replace(bench, cache=tmp_path), cell)
    assert not list(tmp_path.iterdir())
    assert "oracle" not in ledger.phases
    assert found["problems"] == []


def test_the_oracle_is_loaded_once_and_booked_as_evaluation(bench, cell, asking, monkeypatch):
    loaded = []
    monkeypatch.setattr(
        "fairforget.run.measures.measuring.load_target", lambda *args: loaded.append(args) or load_target(*args)
    )
    plain = {**asking, "evaluation": {**asking["evaluation"], "metrics": asking["evaluation"]["metrics"][:-2]}}
    _, without = run(bench, plain)
    assert loaded == []
    found, ledger = run(bench, asking)
    assert len(loaded) == 1
    assert set(ledger.phases) == {"evaluation", "oracle"}
    extra = ledger.phases["evaluation"].forward_sequences - without.phases["evaluation"].forward_sequences
    assert extra == 4 + len(bench.corpus.retain)
    assert ledger.phases["oracle"].forward_sequences == 0
    assert ledger.phases["oracle"].seconds > 0
    assert ledger.forward_equivalents == 0, "no method pays for it"
    assert ledger.to_json()["oracle"]["seconds"] == ledger.phases["oracle"].seconds
    assert found["scores"]["forget_gap"]["n"] == 4


def test_the_oracle_is_the_one_retrained_without_the_draw(bench, asking):
    found, _ = run(bench, asking)
    oracle = load_target(bench.oracle_folder(asking["draw"]["forget"]), bench.recipe)
    assert oracle.meta["without"] == sorted(asking["draw"]["forget"])
    for sample, encoded in zip(bench.corpus.pool[:4], bench.target.encode(bench.corpus.pool[:4]), strict=True):
        batch = bench.target.encode([sample]).batch(eos=False)
        own, other = (float(-batch.nll(model, "mean").detach()) for model in (bench.target.model, oracle.model))
        assert found["items"]["forget_gap"][sample.id] == pytest.approx(own - other, rel=1e-4), encoded.sample.id
    # What was forgotten is better known to the target than to a model that never saw it; the rest is not.
    assert found["scores"]["forget_gap"]["value"] > found["scores"]["retain_gap"]["value"] + 0.1


def test_without_training_there_is_no_oracle(bench, asking):
    found, ledger = run(replace(bench, recipe=replace(bench.recipe, training=None)), asking)
    assert found["scores"]["forget_gap"]["value"] is None
    assert set(found["scores"]["forget_gap"]["excluded"].values()) == {"no oracle"}
    assert "oracle" not in ledger.phases


def test_measuring_leaves_the_random_numbers_alone(bench, asking):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    run(bench, asking)
    assert torch.equal(torch.rand(3), expected)
