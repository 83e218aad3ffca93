"""A process has the target once: read once, copied for each cell, and asked as the reference without a copy."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from fairforget.api import MetricUse, PluginSpec
from fairforget.run.cell import compute_cell
from fairforget.run.updates import live, reference
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

OPTIONS = {
    "people": 8, "retain_people": 4, "holdout_people": 0, "samples": 2, "world_facts": 0, "frequencies": [1],
    "distributions": ["in"], "lengths": ["short"], "rare_words": [0], "hidden_size": 32, "layers": 2,
    "vocabulary": 400, "epochs": 2, "learning_rate": 6e-3,
}  # fmt: skip
OPTIMIZER = {
    "name": "adamw", "lr": 3e-4, "batch_size": 4, "weight_decay": 0.0, "betas": [0.9, 0.999], "eps": 1e-8,
    "max_grad_norm": 1.0, "warmup": 0,
}  # fmt: skip
COMPARED = {
    "npo": {}, "dpo": {"retain_loss": "kl"}, "kl-min": {"positions": "all"}, "undial": {}, "rmu": {"layer": 1},
}  # fmt: skip
"""Methods that look at the target as it was."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Any:
    cache = tmp_path_factory.mktemp("cache")
    return open_workbench(json.dumps({"name": "biographies", "options": OPTIONS}), "null", str(cache), ())


def cell(bench: Any, method: str, optimizer: Any = None, **options: Any) -> dict[str, Any]:
    use = MetricUse("forget_probability", PluginSpec("probability"), "forget", "completeness", complement=True)
    return {
        "task": {"data": bench.data},
        "target": {"id": bench.identity["id"]},
        "draw": {"forget": [s.id for s in bench.corpus.pool[:8]], "digest": "a draw"},
        "method": build(bench.registry, "method", PluginSpec(method, options)).to_json(),
        "curriculum": None,
        "seed": 0,
        "budget": {"kind": "updates", "amount": 3, "stop": None},
        "optimizer": {**OPTIMIZER, **(optimizer or {})},
        "evaluation": {
            "metrics": [{**asdict(use), "metric": build(bench.registry, "metric", use.metric).to_json()}],
            "retain": 4, "holdout": None, "others": None, "max_new_tokens": 4, "batch_tokens": None,
        },
    }  # fmt: skip


def numbers(record: dict[str, Any]) -> Any:
    assert record["status"] == "ok", record["problems"]
    kept = {
        phase: {name: count for name, count in told.items() if name != "seconds"} if isinstance(told, dict) else told
        for phase, told in record["ledger"].items()
        if phase != "peak_memory_bytes"
    }
    return record["scores"], record["items"], kept


class Opened:
    """Files that Python's own functions open; what reads weights opens them here first, to look at them."""

    def __init__(self) -> None:
        self.names: list[str] | None = None
        sys.addaudithook(self)

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.names is not None and event == "open" and str(args[0]).endswith(".safetensors"):
            self.names.append(str(args[0]))


@pytest.fixture(scope="module")
def opened() -> Opened:
    return Opened()


def test_weights_are_read_once_for_all_cells_of_a_process(
    bench: Any, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    import safetensors
    from transformers import AutoModelForCausalLM

    loaded: list[str] = []
    real = AutoModelForCausalLM.from_pretrained
    monkeypatch.setattr(
        AutoModelForCausalLM, "from_pretrained", lambda where, **more: loaded.append(where) or real(where, **more)
    )
    handled: list[str] = []
    safe_open = safetensors.safe_open
    for module in [m for m in list(sys.modules.values()) if getattr(m, "safe_open", None) is safe_open]:
        monkeypatch.setattr(module, "safe_open", lambda file, **kw: handled.append(str(file)) or safe_open(file, **kw))
    task, again = json.dumps({"name": "biographies", "options": OPTIONS}), []
    opened.names = []
    try:
        for method in ("untouched", "npo", "grad-diff", "kl-min"):
            again.append(open_workbench(task, "null", str(bench.cache), ()))
            assert numbers(compute_cell(again[-1], cell(bench, method)))
    finally:
        names, opened.names = opened.names, None
    assert again == [bench] * 4
    assert (loaded, handled, names) == ([], [], [])
    # Another study has the target of its own read, by these very doors.
    open_workbench(task, "null", str(bench.cache / "other"), ())
    assert loaded
    assert handled


def test_a_cell_gets_the_target_back_and_not_what_the_last_one_made_of_it(bench: Any) -> None:
    before = {name: tensor.clone() for name, tensor in bench.weights.items()}
    first = numbers(compute_cell(bench, cell(bench, "grad-diff", {"lr": 0.1})))
    assert all(torch.equal(tensor, before[name]) for name, tensor in bench.weights.items())
    assert numbers(compute_cell(bench, cell(bench, "grad-diff", {"lr": 0.1}))) == first


def test_its_weights_lie_in_the_file_and_not_in_memory_of_this_process(bench: Any) -> None:
    """All processes of a machine share the file's pages, which the system may take back."""
    maps = Path("/proc/self/maps")
    if not maps.is_file():
        pytest.skip("only Linux tells what lies where")
    spans = [
        tuple(int(end, 16) for end in line.split()[0].split("-"))
        for line in maps.read_text().splitlines()
        if line.endswith("model.safetensors")
    ]
    for name, tensor in bench.weights.items():
        assert any(start <= tensor.data_ptr() < end for start, end in spans), name


@contextmanager
def models_alive() -> Iterator[list[int]]:
    """Count the causal language models with weights whenever the reference is asked."""
    from transformers import PreTrainedModel

    most: list[int] = []
    real = reference.Reference._model

    def counted(self: Any) -> Any:
        found = real(self)
        gc.collect()
        alive = [m for m in gc.get_objects() if issubclass(type(m), PreTrainedModel) and "lm_head" in m._modules]
        most.append(sum(not next(m.parameters()).is_meta for m in alive))
        return found

    reference.Reference._model = counted
    try:
        yield most
    finally:
        reference.Reference._model = real


@pytest.mark.parametrize(("method", "options"), COMPARED.items())
def test_a_method_that_looks_at_the_target_asks_the_one_there_is(
    bench: Any, method: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.collect()
    with models_alive() as most:
        found = numbers(compute_cell(bench, cell(bench, method, **options)))
    assert most
    others = most[0] - 2  # of other tests
    assert set(most) == {2 + others}

    def copied(target: Any, ledger: Any) -> Any:
        return reference.Reference(lambda: bench.fresh_model().requires_grad_(False), ledger)

    # With a second copy of the weights, as it was: the same numbers.
    monkeypatch.setattr("fairforget.run.cell.Reference", copied)
    with models_alive() as most:
        assert numbers(compute_cell(bench, cell(bench, method, **options))) == found
    assert set(most) == {3 + others}


def test_the_target_keeps_its_flags_when_it_was_asked(bench: Any) -> None:
    compute_cell(bench, cell(bench, "npo"))
    assert all(p.requires_grad for p in bench.target.model.parameters())
    assert all(p.grad is None for p in bench.target.model.parameters())
    assert not any(module.training for module in bench.target.model.modules())


@pytest.mark.parametrize("optimizer", [{}, {"adapter": {"r": 2, "alpha": 4.0, "dropout": 0.0, "target_modules": None}}])
def test_what_updates_take_is_given_back_before_the_model_is_measured(
    bench: Any, optimizer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    optimizers: list[weakref.ref[Any]] = []
    gradients: list[int] = []
    make, measure = live.ModelTrainer, compute_cell.__globals__["measure"]

    def made(*args: Any) -> Any:
        trainer = make(*args)
        optimizers.append(weakref.ref(trainer.optimizer))
        return trainer

    def measured(bench: Any, cell: Any, model: Any, *args: Any, **more: Any) -> Any:
        gradients.append(sum(p.grad is not None for p in model.parameters()))
        assert not any(one() is not None for one in optimizers)
        return measure(bench, cell, model, *args, **more)

    monkeypatch.setattr(live, "ModelTrainer", made)
    monkeypatch.setitem(compute_cell.__globals__, "measure", measured)
    gc.disable()
    try:
        numbers(compute_cell(bench, cell(bench, "grad-diff", optimizer)))
    finally:
        gc.enable()
    assert optimizers
    assert gradients == [0]


REACHING = """
import torch

from fairforget import Entry, hookimpl
from fairforget.api import LossMethod


class Reaching(LossMethod):
    def loss(self, model, batch):
        with torch.no_grad():
            list(batch._reference._model().parameters())[3].mul_(1.001)
        return -batch.forget.nll(model)


@hookimpl
def fairforget_methods():
    return [Entry("reaching", ":Reaching", "does what it must not")]
"""


def test_a_cell_that_changes_the_target_fails_and_the_next_has_the_target_as_it_was(bench: Any, tmp_path: Path) -> None:
    expected = numbers(compute_cell(bench, cell(bench, "npo")))
    plugin = tmp_path / "reaching.py"
    plugin.write_text(REACHING)
    asked = (json.dumps({"name": "biographies", "options": OPTIONS}), "null", str(bench.cache), (str(plugin),))
    here = open_workbench(*asked)
    record = compute_cell(here, cell(here, "reaching"))
    assert (record["status"], record["scores"], record["items"]) == ("failed", {}, {})
    assert [problem["kind"] for problem in record["problems"]] == ["target-changed"]
    after = open_workbench(*asked)
    assert after is not here
    assert numbers(compute_cell(after, cell(after, "npo"))) == expected
