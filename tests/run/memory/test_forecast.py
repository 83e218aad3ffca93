"""What a plan says of memory, and what is done about it."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairforget.api import PluginSpec
from fairforget.cli import main
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.run.memory import place
from fairforget.run.memory.architectures import tensors_of_config
from fairforget.run.memory.forecast import LEAST, LIBRARIES, OWN, MemoryForecast, forecast_memory
from fairforget.run.memory.machine import Device, Memory
from fairforget.run.memory.model_size import ModelSize
from fairforget.run.memory.words import check_memory, spell_bytes, told
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for
from fairforget.study.load import parse_study
from fairforget.study.options import build
from fairforget.study.plan import Plan
from fairforget.study.planning import make_plan

GIB = 1 << 30
STUDY = {
    "name": "large",
    "task": "biographies",
    "draws": 3,
    "forget_size": 9,
    "methods": ["grad-diff"],
    "budget": {"updates": 3},
    "optimizer": {"lr": 1e-5, "batch_size": 4},
}
LLAMA = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "vocab_size": 32000, "architectures": ["LlamaForCausalLM"],
}  # fmt: skip
SEVEN = 6_738_415_616
"""Weights of Llama 2 7B, as its makers tell."""


def folder_of(path: Path, config: dict[str, Any]) -> Path:
    """Write a model's folder whose weights are heads of files and nothing behind them."""
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config))
    head = {
        tensor.name: {"dtype": "F16", "shape": tensor.shape, "data_offsets": [0, 0]}
        for tensor in tensors_of_config(config)
    }
    text = json.dumps(head).encode()
    (path / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    return path


def planned(cache: Path, engine: str = "local:1", **changes: Any) -> tuple[Plan, MemoryForecast | None]:
    registry = Registry.discover([])
    opened = parse_study(yaml.safe_dump({**STUDY, **changes}))
    plan = make_plan(opened.study, registry, opened.places)
    recipe, seed = recipe_for(plan.task.plugin, plan.study.model_json())
    corpus = plan.task.plugin.corpus()
    name, _, number = engine.partition(":")
    runs = build(registry, "engine", PluginSpec(name, {"workers": int(number)} if number else {})).plugin
    return plan, forecast_memory(plan, runs, recipe, corpus, target_identity(recipe, corpus, seed), cache)


def machine(
    monkeypatch: pytest.MonkeyPatch, capacity: float, free: float | None = None, process: float = math.inf
) -> None:
    found = Memory(capacity, capacity if free is None else free, process, "this machine")
    monkeypatch.setattr(place, "memory_here", lambda: found)


@pytest.fixture
def seven(tmp_path: Path) -> dict[str, str]:
    return {"path": str(folder_of(tmp_path / "llama", LLAMA))}


def test_the_weights_of_a_known_model_are_as_many_as_its_makers_tell() -> None:
    assert ModelSize(tensors_of_config(LLAMA), 2).parameters == SEVEN


@pytest.mark.parametrize(
    ("optimizer", "dtype", "times"),
    [("adamw", "float32", 4), ("sgd", "float32", 2), ("sophia", "float32", 4), ("adamw", "bfloat16", 4)],
)
def test_what_an_update_of_all_weights_cannot_do_without(
    tmp_path: Path, seven: dict[str, str], optimizer: str, dtype: str, times: int
) -> None:
    """The model, its gradients and the numbers of the optimizer: a closed form."""
    _, found = planned(tmp_path, model={**seven, "dtype": dtype}, optimizer={**STUDY["optimizer"], "name": optimizer})
    element = 4 if dtype == "float32" else 2
    cell = found.needs[-1]
    assert cell.least == times * element * SEVEN
    assert cell.least <= cell.likely
    assert found.least(1) == max(cell.least, 4 * element * SEVEN) + LEAST  # training the target is by AdamW
    assert found.process > OWN + LIBRARIES + (times + 1) * element * SEVEN


def test_an_adapter_needs_the_weights_and_little_more(tmp_path: Path, seven: dict[str, str]) -> None:
    _, full = planned(tmp_path, model=seven)
    _, lora = planned(tmp_path, model=seven, optimizer={**STUDY["optimizer"], "adapter": {"r": 8}})
    adapted = 32 * 2 * 4096 * 4096
    factors = 32 * 2 * 8 * 2 * 4096
    parts = {part.name: part.likely for part in lora.needs[-1].parts}
    assert parts["adapter"] == 4 * (2 * adapted + factors)
    assert (parts["gradients"], parts["adamw"]) == (4 * factors, 8 * factors)
    assert lora.needs[-1].least == 4 * SEVEN
    assert lora.needs[-1].likely < full.needs[-1].likely / 2


@pytest.mark.parametrize("method", ["npo", "kl-min", "undial", "dpo"])
def test_the_reference_takes_nothing(tmp_path: Path, method: str) -> None:
    def weights(*methods: str) -> float:
        found = planned(tmp_path, methods=[*methods])[1].needs[-1]
        return sum(part.likely for part in found.parts if part.name != "activations")

    assert weights(method) == weights("grad-diff")


def test_methods_say_what_they_hold_beside_the_model(tmp_path: Path, seven: dict[str, str]) -> None:
    _, found = planned(tmp_path, model=seven, methods=["task-vector"])
    assert {p.name: p.likely for p in found.needs[-1].parts}["copies of the method"] == 2 * 4 * SEVEN
    assert found.needs[-1].least == 4 * SEVEN  # a loop of its own may do with less


def test_checkpointing_and_smaller_batches_lessen_activations_alone(tmp_path: Path, seven: dict[str, str]) -> None:
    def activations(**changes: Any) -> float:
        _, found = planned(tmp_path, **{"model": seven, **changes})
        assert found.needs[-1].least == 16 * SEVEN
        return {part.name: part.likely for part in found.needs[-1].parts}["activations"]

    plain = activations()
    assert activations(model={**seven, "gradient_checkpointing": True}) < plain / 4
    assert activations(optimizer={**STUDY["optimizer"], "micro_batch_size": 1}) < plain / 4
    assert activations(optimizer={**STUDY["optimizer"], "batch_size": 2}) == pytest.approx(plain / 2)


def test_a_run_that_may_end_at_once_needs_no_gradients_for_sure(tmp_path: Path, seven: dict[str, str]) -> None:
    _, found = planned(tmp_path, model=seven, budget={"updates": 3, "completeness": 0.5})
    assert found.needs[-1].least == 4 * SEVEN


def test_what_is_certain_is_never_more_than_what_is_likely(tmp_path: Path, seven: dict[str, str]) -> None:
    methods = ["untouched", "retrain", "grad-ascent", "npo", "rmu", "task-vector", "who-is-harry-potter"]
    for engine in ("inline", "local:1", "local:3", "fsdp:2"):
        _, found = planned(tmp_path, engine, model=seven, methods=methods, curricula=["uniform", "mrd-weighted"])
        assert all(need.least <= need.likely for need in found.needs)
        for cells in (1, 2, 100):
            assert found.least(cells) <= found.together


def test_more_workers_need_more_and_no_more_of_them_than_cells(tmp_path: Path, seven: dict[str, str]) -> None:
    one, three = (planned(tmp_path, f"local:{n}", model=seven, methods=["untouched", "grad-diff"])[1] for n in (1, 3))
    assert three.least(100) - one.least(100) == 2 * (LEAST + 4 * SEVEN)  # the others are at least at the cheapest cell
    assert three.least(1) == one.least(1)
    # What the target takes is shared: it lies in the cache of the system once.
    assert three.together < 3 * one.together - 2 * 4 * SEVEN + 1


def test_a_model_that_nothing_tells_of_is_not_guessed(tmp_path: Path) -> None:
    model = {"path": str(tmp_path / "odd")}
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text('{"model_type": "odd"}')
    (tmp_path / "odd" / "model.safetensors").write_bytes(b"?")
    assert planned(tmp_path, model=model)[1] is None


def test_too_little_memory_is_told_with_figures_and_mends(
    tmp_path: Path, seven: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, 64 * GIB)
    plan, found = planned(tmp_path, "local:2", model=seven)
    with pytest.raises(FairforgetError) as caught:
        check_memory(found, plan, 3)
    message = str(caught.value)
    assert "needs at least 100.4 GiB (model 25.1 GiB, gradients 25.1 GiB, adamw 50.2 GiB)" in message
    assert "this machine has 64.0 GiB" in message
    for mend in ("--engine local:1", "optimizer.adapter", "model.dtype: bfloat16", "fsdp:N"):
        assert mend in message
    assert "checkpointing" not in message  # which makes no weight smaller
    # What would just fit is not refused, and said to be tight.
    machine(monkeypatch, found.least(3))
    assert "memory may not suffice" in check_memory(planned(tmp_path, "local:2", model=seven)[1], plan, 3)
    machine(monkeypatch, math.inf, free=found.together)
    assert check_memory(planned(tmp_path, "local:2", model=seven)[1], plan, 3) is None


def test_the_limit_of_a_process_is_one(tmp_path: Path, seven: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, math.inf, process=50 * GIB)
    plan, found = planned(tmp_path, model=seven)
    with pytest.raises(FairforgetError, match=r"a process may have 50\.0 GiB \(ulimit -v, -d\)"):
        check_memory(found, plan, 3)


def test_gpus_have_the_memory_where_there_are_any(
    tmp_path: Path, seven: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_cuda", lambda: True)
    monkeypatch.setattr(place, "devices_for", lambda _: ("0", "1"))
    monkeypatch.setattr(place, "devices_here", lambda: tuple(Device("A GPU", n * GIB, n * GIB) for n in (80, 80, 999)))
    plan, found = planned(tmp_path, "local:4", model={**seven, "dtype": "bfloat16"})
    assert (len(found.place.devices), found.place.shared, found.place.memory) == (2, 2, None)
    assert found.least(9) == 2 * 5 * SEVEN  # the target lies there, too
    assert "2 processes" in check_memory(found, plan, 9)
    plan, found = planned(tmp_path, "local:4", model=seven)
    with pytest.raises(FairforgetError, match=r"a GPU, A GPU has 80\.0 GiB"):
        check_memory(found, plan, 9)
    assert "of a GPU" in next(told(found))
    # A torch without CUDA computes on processors, whatever the machine has.
    monkeypatch.setattr(place, "_cuda", lambda: False)
    assert planned(tmp_path, "local:4", model=seven)[1].place.memory is not None


def test_of_engines_that_use_other_machines_only_a_process_is_told(tmp_path: Path, seven: dict[str, str]) -> None:
    pytest.importorskip("submitit")
    plan, found = planned(tmp_path, "submitit", model=seven)
    assert len([*told(found)]) == 1
    assert check_memory(found, plan, 100) is None


@pytest.fixture
def study(tmp_path: Path, seven: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "llama" / "tokenizer.json").write_text("{}")
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump({**STUDY, "model": seven, "engine": "inline"}))
    machine(monkeypatch, 64 * GIB)
    return file


def test_a_dry_run_tells(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(study), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "estimated memory: " in said
    assert "adamw 50.2 GiB" in said
    assert "the study cannot run in the memory there is" in said


def test_a_run_is_refused_before_anything_is_made(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "needs at least 100.4 GiB" in said
    assert "Traceback" not in said
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "out" / "draws.json").exists()


def test_a_finished_study_is_opened_on_any_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = {
        "name": "biographies",
        "people": 12,
        "retain_people": 4,
        "holdout_people": 0,
        "world_facts": 0,
        "epochs": 1,
    }
    sizes = {"hidden_size": 16, "layers": 1, "vocabulary": 300, "frequencies": [1], "distributions": ["in"]}
    few = {"engine": "inline", "draws": 1, "evaluation": {"retain": 2, "max_new_tokens": 1}}
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump({**STUDY, "task": small | sizes, "methods": ["untouched"], **few}))
    command = ["run", str(file), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    machine(monkeypatch, 1024)
    assert main(command) == 0
    next((tmp_path / "out" / "cells").glob("*.json")).unlink()
    assert main(command) == 2
    assert "the study cannot run in the memory there is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 MiB"), (1 << 20, "1 MiB"), (1023 << 20, "1.0 GiB"), (3 * GIB / 2, "1.5 GiB")]
)
def test_bytes_are_spelt_for_readers(number: float, text: str) -> None:
    assert spell_bytes(number) == text
