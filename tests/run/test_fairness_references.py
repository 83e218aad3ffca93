"""Passes of reference models, of whatever architecture, are booked where they are made."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from fairforget.api import MetricUse, PluginSpec
from fairforget.run.cell import compute_cell
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

from .tiny_study import OPTIMIZER, OPTIONS

FORGET = 6


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Any:
    task = json.dumps({"name": "biographies", "options": OPTIONS})
    return open_workbench(task, "null", str(tmp_path_factory.mktemp("cache")), ())


@pytest.fixture(scope="module", params=["the target's architecture", "another one"])
def reference(request: pytest.FixtureRequest, bench: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference")
    if request.param == "another one":
        with torch.random.fork_rng():
            size = len(bench.target.tokenizer)
            GPT2LMHeadModel(GPT2Config(vocab_size=size, n_layer=1, n_embd=8, n_head=1)).save_pretrained(folder)
    else:
        bench.target.model.save_pretrained(folder)
    return folder


def computed(bench: Any, uses: list[MetricUse], curriculum: PluginSpec | None = None) -> Any:
    metrics = [{**asdict(use), "metric": build(bench.registry, "metric", use.metric).to_json()} for use in uses]
    settings = {"retain": 4, "holdout": None, "others": None, "max_new_tokens": 4, "batch_tokens": None}
    order = None if curriculum is None else build(bench.registry, "curriculum", curriculum).to_json()
    described = {
        "task": {"data": bench.data},
        "target": {"id": bench.identity["id"]},
        "draw": {"forget": [s.id for s in bench.corpus.pool[:FORGET]], "digest": "a draw"},
        "method": build(bench.registry, "method", PluginSpec("grad-ascent")).to_json(),
        "curriculum": order,
        "seed": 0,
        "budget": {"kind": "epochs", "amount": 3, "stop": None},
        "optimizer": OPTIMIZER,
        "evaluation": {"metrics": metrics, **settings},
    }
    record = compute_cell(bench, described)
    assert record["status"] == "ok", record["problems"]
    return record["ledger"]


def test_a_difficulty_that_asks_a_reference_is_paid_at_every_refresh(bench: Any, reference: Path) -> None:
    """Three epochs, scored before each: 6 samples through the reference, three times."""
    by = {"name": "reference-loss", "references": [str(reference)]}
    ledger = computed(bench, [], PluginSpec("mrd-weighted", {"by": by}))
    assert ledger["difficulty"]["forward_sequences"] == 3 * FORGET
    assert ledger["forward_equivalents"] == 3 * ledger["unlearning"]["forward_sequences"] + 3 * FORGET


def test_a_metric_that_asks_a_reference_books_it_under_evaluation(bench: Any, reference: Path) -> None:
    def attack(name: str, **options: Any) -> MetricUse:
        return MetricUse("attack", PluginSpec(name, {"negatives": "holdout", **options}), "forget", "diagnostic")

    without = computed(bench, [attack("mia-loss")])
    asked = computed(bench, [attack("mia-reference", reference=str(reference))])
    more = asked["evaluation"]["forward_sequences"] - without["evaluation"]["forward_sequences"]
    assert more == FORGET + len(bench.corpus.holdout)
    assert asked["forward_equivalents"] == without["forward_equivalents"], "evaluation is not the method's"
