"""Cells whose models were made elsewhere: what a plan says of them, and all that is wrong at once."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from fairforget.api import CameBack, MadeElsewhere
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.study.cell import cell_key
from fairforget.study.draws import Draw
from fairforget.study.elsewhere import Returns, check_elsewhere
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

STUDY = {
    "name": "elsewhere",
    "task": "biographies",
    "samplers": ["random"],
    "draws": 2,
    "forget_size": 16,
    "curricula": ["uniform", "mrd-weighted"],
    "budget": {"epochs": 2},
    "optimizer": {"lr": 1.0e-3, "batch_size": 8},
}


def plan_of(*methods, **changes):
    text = json.dumps({**STUDY, "methods": list(methods), **changes})
    return make_plan(parse_study(text).study, Registry.discover())


def checkpoint(path, **more):
    return {"name": "checkpoint", "path": str(path), **more}


def draws_of(plan):
    (sampler,) = plan.samplers
    return [Draw(sampler.built.to_json(), "random", i, "group", 16, (f"p{i}",), f"{i}" * 64) for i in range(2)]


def put(root, digest, *, maker="mine", target="t", seed=None, weights=b"w"):
    """Lay a model down as a maker would; what is in it does not matter to a plan."""
    folder = root / digest if seed is None else root / digest / str(seed)
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(weights)
    said = {"digest": digest, "target": target, "method": maker, "seed": seed}
    (folder / "unlearned.json").write_text(json.dumps({k: v for k, v in said.items() if v is not None}))


def cells_of(plan):
    return plan.cells(draws_of(plan), {"id": "t"}, data="d")


def test_it_has_a_cell_a_draw_whatever_the_curricula_and_costs_nothing_here(tmp_path):
    plan = plan_of("grad-ascent", checkpoint(f"{tmp_path}/{{digest}}"))
    for draw in draws_of(plan):
        put(tmp_path, draw.digest)
    cells = [cell for cell in cells_of(plan) if "brought" in cell["method"]]
    assert len(cells) == 2
    assert len(plan) == 2 * 2 + 2
    assert all(cell["curriculum"] is None for cell in cells)
    assert all(cell["method"]["brought"]["made_by"] == "mine" for cell in cells)
    assert [row.updates for row in plan.describe() if row.method == "checkpoint"] == [0]
    assert len({cell_key(cell) for cell in cells}) == 2


def test_other_methods_have_the_cells_they_had(tmp_path):
    alone = plan_of("grad-ascent")
    both = plan_of("grad-ascent", checkpoint(f"{tmp_path}/{{digest}}"))
    for draw in draws_of(both):
        put(tmp_path, draw.digest)
    assert {cell_key(c) for c in cells_of(alone)} < {cell_key(c) for c in cells_of(both)}


def test_all_that_is_wrong_is_said_in_one_message(tmp_path):
    plan = plan_of(checkpoint(f"{tmp_path}/a/{{digest}}", label="A"), checkpoint(f"{tmp_path}/b/{{digest}}", label="B"))
    first, second = draws_of(plan)
    put(tmp_path / "a", first.digest, target="other")
    put(tmp_path / "b", first.digest)
    with pytest.raises(FairforgetError) as refused:
        cells_of(plan)
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("A, stratum 'random', draw 0:")
    assert "another model was unlearned" in lines[0]
    assert lines[1].startswith("A, stratum 'random', draw 1: there is no folder")
    assert lines[2].startswith("B, stratum 'random', draw 1: there is no folder")
    assert second.digest in lines[2]


def test_a_row_has_one_maker_and_a_maker_one_row(tmp_path):
    plan = plan_of(checkpoint(f"{tmp_path}/a/{{digest}}", label="A"), checkpoint(f"{tmp_path}/b/{{digest}}", label="B"))
    for i, draw in enumerate(draws_of(plan)):
        put(tmp_path / "a", draw.digest, maker=f"version {i}")
        put(tmp_path / "b", draw.digest, maker="version 1")
    with pytest.raises(FairforgetError) as refused:
        cells_of(plan)
    assert "A: its models are declared to be made by 'version 0', 'version 1'" in str(refused.value)
    assert "B and A: the models of both are declared to be made by 'version 1'" in str(refused.value)


def test_long_lists_of_faults_are_cut(tmp_path):
    returns, method = Returns("t"), plan_of(checkpoint(f"{tmp_path}/{{digest}}")).methods[0]
    for index in range(30):
        returns.of(method, {"digest": f"{index}", "stratum": "random", "index": index}, 0)
    with pytest.raises(FairforgetError) as refused:
        returns.check()
    assert str(refused.value).splitlines()[10:] == ["… and 20 more"]


def test_one_model_stands_for_one_seed(tmp_path):
    with pytest.raises(FairforgetError, match=r"would stand for all 2 seeds.*write \{seed\} in its path"):
        plan_of(checkpoint(f"{tmp_path}/{{digest}}"), seeds=2)
    plan = plan_of(checkpoint(f"{tmp_path}/{{digest}}/{{seed}}"), seeds=2)
    for draw in draws_of(plan):
        for seed in range(2):
            put(tmp_path, draw.digest, seed=seed, weights=f"{seed}".encode())
    cells = cells_of(plan)
    assert sorted((c["draw"]["index"], c["seed"]) for c in cells) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len({json.dumps(c["method"]["brought"]) for c in cells}) == 2


def test_fewer_draws_need_fewer_models(tmp_path):
    plan = plan_of("grad-ascent", checkpoint(f"{tmp_path}/{{digest}}", draws=1))
    put(tmp_path, draws_of(plan)[0].digest)
    assert sum("brought" in cell["method"] for cell in cells_of(plan)) == 1


def test_a_folder_of_models_that_is_not_there_is_missed_before_anything_runs(tmp_path):
    plan = plan_of("grad-ascent", checkpoint(f"{tmp_path}/none/{{digest}}", label="A"))
    with pytest.raises(FairforgetError, match=r"^A: there is no folder"):
        check_elsewhere(plan)


def test_what_a_plugin_says_of_its_models_is_made_plain():
    class Odd(MadeElsewhere):
        def find(self, wanted):
            return CameBack("odd", {"weights": wanted.digest})

        def load(self, model, wanted): ...

    method = SimpleNamespace(built=SimpleNamespace(plugin=Odd(), to_json=lambda: {"options": {}}), label="odd")
    found = Returns("t").of(method, {"digest": "d", "stratum": "s", "index": 0}, 0)
    assert found == {"brought": {"made_by": "odd", "content": {"weights": "d"}}, "paths": []}
