"""From a study to the cells it spans."""

from __future__ import annotations

import json
import time

import pytest

from fairforget.errors import FairforgetError
from fairforget.study.cell import Cell, cell_key

from .a_study import DATA, STUDY, TARGET, all_draws, planned


def test_what_is_crossed_with_what(registry):
    plan = planned(registry)
    cells = list(plan.planned())
    count = {}
    for cell in cells:
        count[cell.method.label] = count.get(cell.method.label, 0) + 1
    # 4 strata: one of random, three of binned.
    assert count == {"untouched": 4 * 3, "oracle": 4 * 1, "sleepy": 4 * 3 * 2 * 2, "ascent": 4 * 3 * 2 * 2}
    assert len(plan) == len(cells) == 112
    assert len({(id(c.sampler), c.stratum, c.index, c.method.label, id(c.curriculum), c.seed) for c in cells}) == 112
    for cell in cells:
        if cell.method.reference:
            assert (cell.curriculum, cell.seed) == (None, 0)
    assert {c.index for c in cells if c.method.label == "oracle"} == {0}


def test_cells_come_draw_by_draw(registry):
    indices = [cell.index for cell in planned(registry).planned()]
    assert indices == sorted(indices)


def test_cells(registry):
    plan = planned(registry)
    draws = all_draws(plan)
    cells = plan.cells(draws, TARGET, data=DATA)
    assert len({cell_key(cell) for cell in cells}) == len(cells) == 112
    assert all(Cell.from_json(cell).to_json() == cell for cell in cells)
    assert json.loads(json.dumps(cells, allow_nan=False)) == cells
    first = cells[0]
    assert first["task"] == {
        "name": "fairforget/people",
        "dist_version": "0.1.0",
        "version": 3,
        "options": {"split": "forget05", "data": first["task"]["options"]["data"], "groups": 5},
        "paths": ["data"],
        "data": DATA,
    }
    assert first["draw"] == draws[0].to_json()
    assert first["method"] == {
        "name": "fairforget/untouched",
        "dist_version": "0.1.0",
        "options": {},
        "label": "untouched",
        "reference": "untouched",
    }
    assert first["curriculum"] is None
    assert first["budget"] == {
        "kind": "epochs",
        "amount": 2.5,
        "stop": {"rule": "memorization", "policy": "unseen", "every": None, "n": 10, "stride": 1},
    }
    assert first["optimizer"] == {
        "name": "adamw",
        "lr": 1e-5,
        "batch_size": 3,
        "weight_decay": 0.0,
        "max_grad_norm": None,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "warmup": 0,
    }
    assert first["evaluation"] == {
        "retain": None,
        "holdout": None,
        "others": None,
        "batch_tokens": None,
        "max_new_tokens": 64,
        "metrics": [
            {
                "column": "forget_probability",
                "metric": {"name": "fairforget/probability", "dist_version": "0.1.0", "options": {"scope": "answer"}},
                "on": "forget",
                "role": "completeness",
                "complement": True,
                "average": True,
                "view": None,
                "weigh_by": "columns",
            },
            {
                "column": "retain_probability",
                "metric": {"name": "fairforget/probability", "dist_version": "0.1.0", "options": {"scope": "full"}},
                "on": "retain",
                "role": "utility",
                "complement": False,
                "average": True,
                "view": None,
                "weigh_by": "columns",
            },
        ],
    }
    weighted = next(c["curriculum"] for c in cells if c["curriculum"] and c["curriculum"]["label"] == "weighted")
    assert weighted == {
        "name": "fairforget/weighted",
        "dist_version": "0.1.0",
        "options": {"by": "mrd", "refresh": 1},
        "difficulty": {"name": "fairforget/mrd", "dist_version": "0.1.0", "options": {"sigma": 0.001}},
        "label": "weighted",
    }


def test_every_method_meets_the_same_draws(registry):
    cells = planned(registry).cells(all_draws(planned(registry)), TARGET, data=DATA)
    met = {}
    for cell in cells:
        if cell["method"]["label"] != "oracle":
            place = (cell["draw"]["sampler"]["name"], cell["draw"]["stratum"], cell["draw"]["index"])
            met.setdefault(place, set()).add((cell["method"]["label"], cell["draw"]["digest"]))
    for found in met.values():
        assert {label for label, _ in found} == {"untouched", "sleepy", "ascent"}
        assert len({digest for _, digest in found}) == 1


def test_the_data_folder_changes_no_key(registry):
    def keys(*sets):
        plan = planned(registry, STUDY, *sets)
        return {cell_key(cell) for cell in plan.cells(all_draws(plan), TARGET, data=DATA)}

    assert keys() == keys("task.data=/elsewhere", "engine=local:3", "evaluation.batch_tokens=7", "methods.2.label=x")
    assert not keys() & keys("task.split=forget10")
    assert not keys() & keys("evaluation.max_new_tokens=3")


def test_a_missing_draw(registry):
    plan = planned(registry)
    with pytest.raises(FairforgetError, match="there is no draw 2 of stratum 'bin-2' of sampler fairforget/binned"):
        plan.cells(all_draws(plan)[:-1], TARGET, data=DATA)


def test_samplers_and_what_they_need(registry):
    random, binned = planned(registry).samplers
    assert (random.strata, dict(random.needs)) == (("random",), {})
    assert binned.strata == ("bin-0", "bin-1", "bin-2")
    assert binned.needs["mrd"].to_json()["options"] == {"sigma": 0.01}
    assert [b.entry.name for b in planned(registry).difficulties().values()] == ["mrd"]


def test_ten_thousand_cells_are_planned_in_seconds(registry):
    start = time.perf_counter()
    plan = planned(registry, STUDY, "draws=300", "seeds=2", "task.groups=5")
    cells = plan.cells(all_draws(plan), TARGET, data=DATA)
    keys = {cell_key(cell) for cell in cells}
    assert len(keys) == len(plan) == 4 * (300 + 1 + 300 * 2 * 2 * 2)
    assert len(keys) > 10_000
    assert time.perf_counter() - start < 5
