"""Unlearning in half precision: every method runs in bfloat16; what cannot run in float16 says why."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from fairforget.api import MadeElsewhere, MetricUse, PluginSpec
from fairforget.registry import Registry
from fairforget.run import cell as cells
from fairforget.run.workbench import Workbench, open_workbench
from fairforget.study.options import build

ADAPTER = {"r": 2, "alpha": 4.0, "dropout": 0.0, "target_modules": None}
REGISTRY = Registry.discover([])
METHODS = [
    entry.name
    for entry in REGISTRY.entries("method")
    if REGISTRY.load(entry).reference is None and not issubclass(REGISTRY.load(entry), MadeElsewhere)
]


@pytest.fixture(scope="module")
def folder(measuring: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("models")
    measuring.make_model(measuring.Size("tiny", 64, 2), found / "model")
    return found


def opened(measuring: Any, folder: Path, dtype: str) -> Workbench:
    options = {"base": str(folder / "model"), "dtype": dtype, "words": 12}
    task = json.dumps({"name": "measured", "options": options})
    return open_workbench(task, "null", str(folder / "cache"), (str(measuring.PLUGIN),))


def record(bench: Workbench, method: str, **optimizer: Any) -> dict[str, Any]:
    use = MetricUse("known", PluginSpec("probability"), "forget", "utility")
    usual = {
        "name": "adamw", "lr": 1e-2, "batch_size": 4, "weight_decay": 0.0, "betas": [0.9, 0.999], "eps": 1e-8,
        "max_grad_norm": 1.0, "warmup": 0,
    }  # fmt: skip
    settings = {"retain": 4, "holdout": None, "others": None, "max_new_tokens": 4, "batch_tokens": None}
    return cells.compute_cell(
        bench,
        {
            "task": {"data": bench.data},
            "target": {"id": bench.identity["id"]},
            "draw": {"forget": [s.id for s in bench.corpus.pool[:8]], "digest": "a draw"},
            "method": build(bench.registry, "method", PluginSpec(method)).to_json(),
            "curriculum": None,
            "seed": 0,
            "budget": {"kind": "updates", "amount": 4, "stop": None},
            "optimizer": {**usual, **optimizer},
            "evaluation": {
                "metrics": [{**asdict(use), "metric": build(bench.registry, "metric", use.metric).to_json()}],
                **settings,
            },
        },
    )


@pytest.mark.parametrize("adapter", [None, ADAPTER], ids=["all weights", "adapter"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_in_bfloat16(measuring: Any, folder: Path, method: str, adapter: Any) -> None:
    bench = opened(measuring, folder, "bfloat16")
    assert {p.dtype for p in bench.target.model.parameters()} == {torch.bfloat16}
    found = record(bench, method, **({} if adapter is None else {"adapter": adapter}))
    assert found["status"] == "ok", found["problems"]
    value = found["scores"]["known"]["value"]
    assert 0 < value < 1
    assert value != record(bench, "untouched")["scores"]["known"]["value"]


def test_what_is_scored_is_scored_in_float32(measuring: Any, folder: Path) -> None:
    """The passes are the model's, in its type; sums over the vocabulary are not."""
    bench = opened(measuring, folder, "bfloat16")
    found = record(bench, "untouched")["items"]["known"]
    encoded = bench.target.encode(bench.corpus.pool[:8], bench.corpus)
    for sample in encoded:
        with torch.no_grad():
            logits = bench.target.model(input_ids=torch.tensor([sample.input_ids])).logits[0]
        assert logits.dtype == torch.bfloat16
        labels = torch.tensor(sample.input_ids[sample.start : sample.end])
        exact = logits[sample.start - 1 : sample.end - 1].double().log_softmax(-1).gather(-1, labels[:, None])
        assert found[sample.sample.id] == pytest.approx(float(exact.mean().exp()), rel=0.02)
        rounded = logits[sample.start - 1 : sample.end - 1].log_softmax(-1).gather(-1, labels[:, None])
        assert found[sample.sample.id] != pytest.approx(float(rounded.mean().exp()), rel=1e-9)


def test_float16_is_refused_where_squares_of_gradients_are_zero_in_it(measuring: Any, folder: Path) -> None:
    bench = opened(measuring, folder, "float16")
    (problem,) = record(bench, "npo")["problems"]
    assert problem["kind"] == "refused"
    assert "the squares of small ones are 0 and eps (1e-08) is all" in problem["message"]
    assert "model.dtype: bfloat16" in problem["message"]
    assert record(bench, "npo", adapter=ADAPTER)["status"] == "ok"
    assert record(bench, "grad-diff", eps=1e-4, lr=1e-4)["status"] == "ok"
    assert record(bench, "grad-diff", name="sgd", eps=None)["status"] == "ok"
