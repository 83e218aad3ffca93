"""The cell of a model that was made elsewhere: loaded, measured, and refused where it is another by now."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from fairforget.api import Pretrained, TargetRecipe
from fairforget.draws.manifest import target_json
from fairforget.run.cell import compute_cell
from fairforget.run.elsewhere import declared_ledger
from fairforget.run.workbench import open_workbench
from fairforget_methods.checkpoint import Checkpoint
from fairforget_methods.checkpoint_weights import content_of

OPTIONS = {
    "people": 8, "retain_people": 4, "holdout_people": 4, "samples": 2, "world_facts": 4, "frequencies": [2],
    "distributions": ["in"], "lengths": ["short"], "rare_words": [0], "hidden_size": 32, "layers": 1,
    "vocabulary": 400, "epochs": 2, "learning_rate": 6e-3,
}  # fmt: skip
DIGEST = "d" * 64


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Any:
    task = json.dumps({"name": "biographies", "options": OPTIONS})
    return open_workbench(task, "null", str(tmp_path_factory.mktemp("cache")), ())


@pytest.fixture
def model(bench: Any, tmp_path: Any) -> Any:
    """A model that came back into the folder, with other weights than the target's."""
    found = copy.deepcopy(bench.target.model)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.mul_(0.5)
    folder = tmp_path / DIGEST
    found.save_pretrained(folder)
    declare(folder, bench, {"updates": 3, "forward_sequences": 8, "backward_sequences": 4})
    return found


def declare(folder: Any, bench: Any, spent: Any) -> None:
    said = {"digest": DIGEST, "target": bench.identity["id"], "method": "mine", "spent": spent}
    (folder / "unlearned.json").write_text(json.dumps(said))


def cell(bench: Any, root: Any) -> dict[str, Any]:
    forget = sorted(sample.id for sample in bench.corpus.pool[:4])
    return {
        "task": {"data": bench.data},
        "target": {"id": bench.identity["id"]},
        "draw": {"forget": forget, "digest": DIGEST, "stratum": "random", "index": 0},
        "method": {
            "name": "fairforget/checkpoint",
            "options": Checkpoint(f"{root}/{{digest}}").options(),
            "brought": {"made_by": "mine", "content": content_of(root / DIGEST)},
            "paths": ["path"],
        },
        "curriculum": None,
        "seed": 0,
        # Neither a stop rule nor a completeness reaches what was made elsewhere.
        "budget": {"kind": "updates", "amount": 2, "stop": None, "completeness": 0.5, "every": 1},
        "optimizer": {"name": "adamw", "lr": 3e-4, "batch_size": 4},
        "evaluation": {
            "metrics": [],
            "retain": 4,
            "holdout": None,
            "others": None,
            "max_new_tokens": 4,
            "batch_tokens": None,
            "trajectory": {"every": 1},
        },
    }


def test_it_is_measured_and_nothing_of_it_is_run(bench: Any, model: Any, tmp_path: Any) -> None:
    record = compute_cell(bench, cell(bench, tmp_path))
    assert (record["status"], record["problems"]) == ("ok", [])
    assert record["elsewhere"]["made_by"] == "mine"
    assert "trajectory" not in record
    ledger = record["ledger"]
    assert (ledger["basis"], ledger["updates"], ledger["forward_equivalents"]) == ("declared, not measured", 3, 16)
    assert ledger["stopped"] == "elsewhere"
    assert all(
        ledger[phase]["forward_sequences"] == 0 for phase in ("unlearning", "reference", "difficulty", "stopping")
    )


def test_the_target_of_the_workbench_stays_as_it_was(bench: Any, model: Any, tmp_path: Any) -> None:
    before = {name: tensor.clone() for name, tensor in bench.weights.items()}
    compute_cell(bench, cell(bench, tmp_path))
    assert all(torch.equal(tensor, before[name]) for name, tensor in bench.weights.items())


def test_a_model_that_changed_after_the_plan_is_not_taken_for_the_one_of_the_key(
    bench: Any, model: Any, tmp_path: Any
) -> None:
    planned = cell(bench, tmp_path)
    with torch.no_grad():
        next(model.parameters()).add_(1)
    model.save_pretrained(tmp_path / DIGEST)
    record = compute_cell(bench, planned)
    (problem,) = record["problems"]
    assert (record["status"], problem["kind"]) == ("failed", "refused")
    assert "changed after the plan was made" in problem["message"]
    assert record["scores"] == {}
    assert "basis" not in record["ledger"]


def test_a_model_that_diverged_is_a_failed_cell(bench: Any, model: Any, tmp_path: Any) -> None:
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)
    model.save_pretrained(tmp_path / DIGEST)
    record = compute_cell(bench, cell(bench, tmp_path))
    assert record["status"] == "failed"
    assert "not finite" in record["problems"][0]["message"]


@pytest.mark.parametrize(
    ("spent", "equivalents"),
    [
        ({}, None),
        ({"forward_sequences": 5}, None),
        ({"backward_sequences": 5}, None),
        ({"forward_sequences": 5, "backward_sequences": 0}, 5),
        ({"forward_sequences": 5, "backward_sequences": 2}, 9),
    ],
)
def test_what_is_not_declared_is_null(spent: Any, equivalents: Any) -> None:
    said = declared_ledger(spent)
    assert (said["updates"], said["forward_equivalents"], said["declared"]) == (None, equivalents, spent)


@pytest.mark.parametrize("commit", [None, "0" * 40])
def test_a_target_that_is_its_base_is_loaded_from_where_that_lies(bench: Any, tmp_path: Any, commit: Any) -> None:
    base = Pretrained("organisation/name", revision="main", dtype="float32")
    known = {"pretrained": {"dtype": "float32"} | ({} if commit is None else {"commit": commit})}
    identity = {**bench.identity, "base": known, "training": None}
    target = SimpleNamespace(meta={"weights": "base"}, digest="w", model=bench.target.model)
    # A stand-in without weights: there is no hub to load them from.
    found = target_json(identity, TargetRecipe(base, None), target, tmp_path)
    assert (found["path"], found["revision"], found["dtype"]) == ("organisation/name", commit, "float32")
    made = target_json(bench.identity, bench.recipe, bench.target, tmp_path)
    assert made["path"] == str(tmp_path / "targets" / bench.identity["id"])
