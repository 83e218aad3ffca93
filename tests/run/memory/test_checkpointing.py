"""Gradient checkpointing: the same numbers from less memory, whatever unlearns."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM
from transformers.modeling_layers import GradientCheckpointingLayer

from fairforget.api import MetricUse, PluginSpec
from fairforget.errors import FairforgetError
from fairforget.lm.checkpointing import checkpointed
from fairforget.run.cell import compute_cell
from fairforget.run.counting.ledger import Ledger
from fairforget.run.counting.outermost import Outermost
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

OPTIONS = {
    "people": 8, "retain_people": 4, "holdout_people": 0, "samples": 2, "world_facts": 0, "frequencies": [1],
    "distributions": ["in"], "lengths": ["short"], "rare_words": [0], "hidden_size": 32, "layers": 6,
    "vocabulary": 400, "epochs": 2, "learning_rate": 6e-3,
}  # fmt: skip
OPTIMIZER = {
    "name": "adamw", "lr": 1e-3, "batch_size": 4, "weight_decay": 0.0, "betas": [0.9, 0.999], "eps": 1e-8,
    "max_grad_norm": 1.0, "warmup": 0,
}  # fmt: skip
ADAPTER = {"r": 2, "alpha": 4.0, "dropout": 0.1, "target_modules": None}
TASK = json.dumps({"name": "biographies", "options": OPTIONS})


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("cache"))


def record(cache: str, *, checkpointing: bool, method: str = "grad-diff", **more: Any) -> dict[str, Any]:
    bench = open_workbench(TASK, json.dumps({"path": None, "gradient_checkpointing": checkpointing}), cache, ())
    use = MetricUse("forget_probability", PluginSpec("probability"), "forget", "completeness", complement=True)
    curriculum = more.pop("curriculum", None)
    cell = {
        "task": {"data": bench.data},
        "target": {"id": bench.identity["id"]},
        "draw": {"forget": [s.id for s in bench.corpus.pool[:8]], "digest": "a draw"},
        "method": build(bench.registry, "method", PluginSpec(method)).to_json(),
        "curriculum": curriculum and build(bench.registry, "curriculum", PluginSpec(curriculum)).to_json(),
        "seed": 0,
        "budget": {"kind": "updates", "amount": 3, "stop": None},
        "optimizer": {**OPTIMIZER, **more},
        "evaluation": {
            "metrics": [{**asdict(use), "metric": build(bench.registry, "metric", use.metric).to_json()}],
            "retain": 4, "holdout": None, "others": None, "max_new_tokens": 4, "batch_tokens": None,
        },
    }  # fmt: skip
    found = compute_cell(bench, cell)
    assert found["status"] == "ok", found["problems"]
    return found


@contextmanager
def saved() -> Iterator[list[int]]:
    """Add up the bytes of the activations that autograd keeps, each storage once, at their most."""
    most, alive = [0], dict[int, list[int]]()

    def pack(tensor: torch.Tensor) -> tuple[torch.Tensor, int]:
        storage = tensor.untyped_storage()
        alive.setdefault(storage.data_ptr(), [0, storage.nbytes()])[0] += 1
        most[0] = max(most[0], sum(size for _, size in alive.values()))
        return tensor, storage.data_ptr()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda packed: packed[0]):
        yield most


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"method": "npo"},
        {"method": "rmu"},
        {"method": "undial", "adapter": ADAPTER},
        {"method": "task-vector", "micro_batch_size": 2},
        {"name": "sophia", "betas": [0.9, 0.95], "eps": 1e-12, "rho": 0.04, "hessian": "gnb", "hessian_every": 2},
        {"curriculum": "mrd-weighted"},
    ],
    ids=lambda more: " ".join(map(str, more.values())) or "grad-diff",
)
def test_numbers_and_ledger_are_the_same(cache: str, more: dict[str, Any]) -> None:
    plain, less = (record(cache, checkpointing=wanted, **more) for wanted in (False, True))
    assert less["key"] == plain["key"]
    for column, score in plain["scores"].items():
        assert less["scores"][column]["value"] == pytest.approx(score["value"], abs=1e-6)
    for column, items in plain["items"].items():
        assert less["items"][column] == pytest.approx(items, abs=1e-6)
    counts = [
        {
            p: {n: c for n, c in told.items() if n != "seconds"}
            for p, told in r["ledger"].items()
            if isinstance(told, dict)
        }
        for r in (plain, less)
    ]
    assert counts[0] == counts[1]
    assert counts[0]["unlearning"]["backward_sequences"] > 0


def test_a_target_trained_with_it_has_the_same_weights(cache: str, tmp_path: Any) -> None:
    model = json.dumps({"path": None, "gradient_checkpointing": True})
    plain = open_workbench(TASK, "null", cache, ()).target
    assert open_workbench(TASK, model, str(tmp_path), ()).target.digest == plain.digest


def kept(model: Any, *, watched: bool) -> int:
    tokens = torch.arange(40).repeat(4, 1)
    model.train()
    ledger = Ledger()
    with ledger.watch(model) if watched else saved(), saved() as most:
        model(input_ids=tokens, labels=tokens, use_cache=False).loss.backward()
    return most[0]


@pytest.mark.parametrize("kind", ["llama", "gpt2", "qwen2", "gpt_neox"])
def test_less_is_kept_also_while_the_ledger_watches(kind: str) -> None:
    sizes = {"hidden_size": 32, "intermediate_size": 128, "num_hidden_layers": 12}
    sizes |= {"num_attention_heads": 2, "num_key_value_heads": 2} if kind != "gpt_neox" else {"num_attention_heads": 2}
    if kind == "gpt2":
        sizes = {"n_embd": 32, "n_layer": 12, "n_head": 2}
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**sizes, vocab_size=50))
    before = kept(model, watched=True)
    checkpointed(model)
    assert kept(model, watched=False) < before / 3
    assert kept(model, watched=True) < before / 3
    blocks = [m for m in model.modules() if isinstance(m, GradientCheckpointingLayer)]
    assert len(blocks) == 12
    assert not isinstance(inspect.getattr_static(type(blocks[0]), "forward"), Outermost)  # the class is as it was


def test_a_model_that_cannot_is_refused() -> None:
    class Own(torch.nn.Module):
        """Nobody's."""

    with pytest.raises(FairforgetError, match=r"Own cannot .*remove model\.gradient_checkpointing"):
        checkpointed(Own())
