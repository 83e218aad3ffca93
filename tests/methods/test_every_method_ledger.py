"""What every installed method and curriculum spends: the ledger against the embeddings that torch really ran."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from fairforget.api import Difficulty, MadeElsewhere, Method, PluginSpec
from fairforget.api.plugin import option_parameters
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.run.cell import open_run
from fairforget.run.counting.ledger import PAID, Ledger
from fairforget.run.seeds import stream
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

from ..run import tiny_study  # noqa: TID252 - lies beside the tests of runs, which use it, too

OPTIONS, OPTIMIZER = {**tiny_study.OPTIONS, "layers": 2}, tiny_study.OPTIMIZER
FORGET = 6
"""Samples: two epochs are updates of 4, 2, 4 and 2."""

REGISTRY = Registry.discover()


def installed(kind: Any) -> list[str]:
    return sorted(entry.canonical for entry in REGISTRY.entries(kind))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Any:
    task = json.dumps({"name": "biographies", "options": OPTIONS})
    return open_workbench(task, "null", str(tmp_path_factory.mktemp("cache")), ())


def ordering(name: str) -> dict[str, Any]:
    """Return a curriculum; by a short MRD where it can be told by what."""
    options = option_parameters(REGISTRY.load(REGISTRY.find("curriculum", name)))
    cheap = {"by": {"name": "mrd", "max_forwards": 9}} if "by" in options else {}
    return build(REGISTRY, "curriculum", PluginSpec(name, cheap)).to_json()


def cell(bench: Any, method: str, curriculum: str | None = None, **budget: Any) -> dict[str, Any]:
    built = build(REGISTRY, "method", PluginSpec(method))
    order = None if curriculum is None else ordering(curriculum)
    return {
        "draw": {"forget": [s.id for s in bench.corpus.pool[:FORGET]], "digest": "a draw"},
        "method": built.to_json(),
        "curriculum": order,
        "seed": 0,
        "budget": budget or {"kind": "epochs", "amount": 2, "stop": None},
        "optimizer": OPTIMIZER,
        "evaluation": {"metrics": []},
    }


class Embeddings(TorchDispatchMode):
    """Counts the rows that are embedded, and the rows whose gradient reaches an embedding."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.size = model.get_input_embeddings().weight.shape
        self.forward = self.backward = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.embedding.default and args[0].shape == self.size:
            self.forward += args[1].shape[0]
        if func is torch.ops.aten.embedding_dense_backward.default and args[2] == self.size[0]:
            self.backward += args[1].shape[0]
        return func(*args, **(kwargs or {}))


def spend(bench: Any, described: dict[str, Any]) -> tuple[Any, Embeddings]:
    """Run the method of a cell; return its run, and what torch did."""
    ledger = Ledger()
    method = bench.build("method", described["method"]).of(Method)
    with bench.model() as model:
        run = open_run(bench, described, model, ledger)
        torch.manual_seed(0)
        with Embeddings(model) as done, ledger.watch(model), ledger.phase("unlearning"):
            method.unlearn(run)
    return run, done


def paid(run: Any) -> tuple[int, int]:
    phases = [run.ledger.phases[name] for name in PAID if name in run.ledger.phases]
    return sum(p.forward_sequences for p in phases), sum(p.backward_sequences for p in phases)


def made_here() -> list[str]:
    loaded = {name: REGISTRY.load(REGISTRY.find("method", name)) for name in installed("method")}
    return [name for name, cls in loaded.items() if not issubclass(cls, MadeElsewhere)]


@pytest.mark.parametrize("method", made_here())
def test_the_ledger_is_what_torch_did(bench: Any, method: str) -> None:
    try:
        described = cell(bench, method)
    except FairforgetError as error:
        pytest.skip(str(error))  # an option without a default
    run, done = spend(bench, described)
    if described["method"]["name"].rpartition("/")[2] == "retrain":
        assert paid(run) == (0, 0), "the oracle is outside of every budget"
        return
    assert paid(run) == (done.forward, done.backward)
    assert run.ledger.forward_equivalents == done.forward + 2 * done.backward
    assert run.tally.unseen == 0 or not run.ledger.updates


# For 12 samples met, of 6 texts: sequences forward, backward, and through the reference.
BY_HAND = {
    "untouched": (0, 0, 0),
    "grad-ascent": (12, 12, 0),
    "grad-diff": (24, 24, 0),
    "kl-min": (24, 24, 12),  # logits of the reference are not kept
    "idk": (24, 24, 0),
    "dpo": (36, 36, 12),  # answers and refusals, 6 texts each
    "npo": (24, 24, 6),
    "simnpo": (24, 24, 0),
    "rmu": (24, 24, 12),
    "undial": (12, 12, 12),
    "wga": (24, 24, 0),
    "satimp": (24, 24, 0),
    "ce-u": (12, 12, 0),
    "task-vector": (12, 12, 0),  # through its second model
    "who-is-harry-potter": (18, 12, 6),  # half of it reinforces; then each text's labels take a pass of both models
    "flat": (24, 24, 0),
}


@pytest.mark.parametrize("method", [name for name in BY_HAND if f"fairforget/{name}" in installed("method")])
def test_the_ledger_equals_a_count_by_hand(bench: Any, method: str) -> None:
    run, _ = spend(bench, cell(bench, f"fairforget/{method}"))
    forward, backward, reference = BY_HAND[method]
    told = run.ledger.to_json()
    assert told["unlearning"]["forward_sequences"] == forward
    assert told["unlearning"]["backward_sequences"] == backward
    assert told["reference"]["forward_sequences"] == reference
    assert told["forward_equivalents"] == forward + 2 * backward + reference
    assert told["updates"] == (0 if method == "untouched" else 4)


def test_pdu_asks_the_reference_about_each_partner_once(bench: Any) -> None:
    run, _ = spend(bench, cell(bench, "pdu"))
    order = run.order.epochs(run.score, lambda: 0.0)
    partners = {place for _ in range(4) for place in next(order)[1]}
    told = run.ledger.to_json()
    assert told["reference"]["forward_sequences"] == len(partners) < 12
    assert told["unlearning"]["forward_sequences"] == told["unlearning"]["backward_sequences"] == 24


@pytest.mark.parametrize("curriculum", installed("curriculum"))
def test_the_scoring_of_a_curriculum_is_counted_and_paid(bench: Any, curriculum: str) -> None:
    """Ascent meets 12 samples; what the scores cost beside it is what scoring them costs by itself."""
    described = cell(bench, "grad-ascent", curriculum)
    run, done = spend(bench, described)
    assert paid(run) == (done.forward, done.backward)
    told = run.ledger.to_json()
    met = int(run.order.visits.sum())
    assert told["unlearning"]["forward_sequences"] == told["unlearning"]["backward_sequences"] == met
    scored = sum(1 for epoch in run.order.log if epoch.get("scored"))
    spec = run.order.curriculum.difficulty()
    assert (spec is not None) == (scored > 0)
    if spec is None:
        assert told["difficulty"]["forward_sequences"] == told["difficulty"]["backward_sequences"] == 0
        return
    difficulty = build(REGISTRY, "difficulty", spec).of(Difficulty)
    with bench.model() as model, Embeddings(model) as alone:
        for epoch in range(scored):
            difficulty.score(model, run.forget, stream("a draw", 0, "difficulty", epoch))
    assert told["difficulty"]["forward_sequences"] == alone.forward
    assert told["difficulty"]["backward_sequences"] == alone.backward
