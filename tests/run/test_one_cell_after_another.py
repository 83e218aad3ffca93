"""Whatever a plugin does to the model of its cell, the next cell of the process gets the target as it was loaded."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import torch

from fairforget.api import MetricUse, PluginSpec
from fairforget.run.cell import compute_cell, open_run
from fairforget.run.counting.ledger import Ledger
from fairforget.run.looks.path import undisturbed
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

from .tiny_study import OPTIMIZER
from .tiny_study import OPTIONS as TINY

PLUGIN = '''
import random

import numpy as np
import torch

from fairforget import Entry, hookimpl
from fairforget.api import Difficulty, LossMethod, Method


class Leaves(Method):
    """Leaves something behind."""

    def __init__(self, what: str = "hook") -> None:
        """Choose what."""
        self.what = what

    def unlearn(self, run):
        model = run.model
        norm, rotary = model.model.norm, model.model.rotary_emb
        if self.what == "hook":
            model.lm_head.register_forward_hook(lambda module, args, output: output * 0.5)
        elif self.what == "attribute":
            norm.variance_epsilon = 1.0
        elif self.what == "config":
            model.config.pad_token_id = model.config.bos_token_id = 3
            model.generation_config.max_new_tokens = 1
        elif self.what == "training":
            model.train()
            model.model.layers[0].self_attn.attention_dropout = 0.5
        elif self.what == "checkpointing":
            model.gradient_checkpointing_enable()
            model.train()
        elif self.what == "buffer":
            rotary.inv_freq.mul_(2)
        elif self.what == "frozen":
            model.requires_grad_(False)
        elif self.what == "submodule":
            model.model.layers[0].mlp = torch.nn.Identity()
        elif self.what == "same names":
            model.model.layers[0].mlp.act_fn = torch.nn.Tanh()
        else:
            raise ValueError(self.what)


class Drawn(Difficulty):
    """Numbers from the global generators."""

    higher_is = "harder"

    def score(self, model, samples, rng):
        return np.array([1 + random.random() + np.random.random() + float(torch.rand(())) for _ in samples])


@hookimpl
def fairforget_methods():
    return [Entry("leaves", f"{__name__}:Leaves")]


@hookimpl
def fairforget_difficulties():
    return [Entry("drawn", f"{__name__}:Drawn")]
'''
OPTIONS = {**TINY, "layers": 2}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("bench")
    (folder / "leaving_plugin.py").write_text(PLUGIN)
    task = json.dumps({"name": "biographies", "options": OPTIONS})
    return open_workbench(task, "null", str(folder / "cache"), (str(folder / "leaving_plugin.py"),))


def cell(bench: Any, method: str, size: int = 4, curriculum: Any = None, **options: Any) -> dict[str, Any]:
    use = MetricUse("forget_probability", PluginSpec("probability"), "forget", "completeness", complement=True)
    metrics = [{**asdict(use), "metric": build(bench.registry, "metric", use.metric).to_json()}]
    settings = {"retain": 4, "holdout": None, "others": None, "max_new_tokens": 4, "batch_tokens": None}
    return {
        "task": {"data": bench.data},
        "target": {"id": bench.identity["id"]},
        "draw": {"forget": [s.id for s in bench.corpus.pool[:size]], "digest": "a draw"},
        "method": build(bench.registry, "method", PluginSpec(method, options)).to_json(),
        "curriculum": curriculum,
        "seed": 0,
        "budget": {"kind": "updates", "amount": 1, "stop": None},
        "optimizer": OPTIMIZER,
        "evaluation": {"metrics": metrics, **settings},
    }


def scores(record: dict[str, Any]) -> Any:
    assert record["status"] == "ok", record["problems"]
    return record["scores"], record["items"]


@pytest.fixture(scope="module")
def first(bench: Any) -> dict[str, Any]:
    """Cells before which nothing ran: one that does nothing, and one that trains and compares with the target."""
    return {method: scores(compute_cell(bench, cell(bench, method))) for method in ("untouched", "npo")}


@pytest.mark.parametrize(
    "what",
    [*"hook attribute config training checkpointing buffer frozen submodule".split(), "same names"],
)
def test_what_a_method_leaves_behind_reaches_no_other_cell(bench: Any, first: Any, what: str) -> None:
    compute_cell(bench, cell(bench, "leaves", what=what))
    for method, found in first.items():
        assert scores(compute_cell(bench, cell(bench, method))) == found, method


def test_a_model_is_lent_once_and_keeps_no_memory(bench: Any) -> None:
    with bench.model() as one:
        assert one is not bench.target.model
        assert all(torch.equal(t, bench.weights[name]) for name, t in one.state_dict().items())
        with torch.no_grad():
            next(one.parameters()).zero_()
    assert {p.device.type for p in one.parameters()} == {"meta"}
    with bench.model() as other:
        assert all(torch.equal(t, bench.weights[name]) for name, t in other.state_dict().items())


def generators() -> tuple[Any, ...]:
    of_numpy = np.random.get_state()  # noqa: NPY002 - the legacy global state is what must not move
    return torch.get_rng_state().tolist(), of_numpy[1].tolist(), of_numpy[2], random.getstate()


def draw() -> None:
    np.random.random()  # noqa: NPY002 - as a plugin may
    random.random()
    torch.rand(())


def test_a_look_moves_no_generator(bench: Any) -> None:
    before = generators()
    with undisturbed(bench.target.model):
        draw()
    assert generators() == before


def test_scoring_for_a_curriculum_moves_no_generator_and_depends_on_none(bench: Any) -> None:
    curriculum = build(bench.registry, "curriculum", PluginSpec("mrd-weighted", {"by": {"name": "drawn"}})).to_json()
    with bench.model() as model:
        run = open_run(bench, cell(bench, "grad-ascent", curriculum=curriculum), model, Ledger())
        before = generators()
        found = run.score(0)
        assert generators() == before
        draw()
        assert np.array_equal(run.score(0), found)
        assert not np.array_equal(run.score(1), found)


@pytest.mark.parametrize(
    ("method", "without", "size", "words"),
    [
        ("grad-diff", "retain", 16, "asks for retain samples (batch.retain), and the task has none beside this draw"),
        ("idk", "refusals", 4, "asks for refusals (batch.refusal), and the task has none"),
        ("dpo", "refusals", 4, "asks for refusals (batch.refusal), and the task has none"),
    ],
)
def test_texts_that_the_task_lacks_are_a_refusal(bench: Any, method: str, without: str, size: int, words: str) -> None:
    lacking = replace(bench, corpus=replace(bench.corpus, **{without: ()}))
    record = compute_cell(lacking, cell(lacking, method, size=size))
    assert record["status"] == "failed"
    (problem,) = record["problems"]
    assert problem["kind"] == "refused"
    assert words in problem["message"]
