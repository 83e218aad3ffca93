"""The estimate of a plan, by hand."""

import json

import pytest

from fairforget.registry import Registry
from fairforget.run.forecast import forecast
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for
from fairforget.study.load import open_study
from fairforget.study.options import build
from fairforget.study.planning import make_plan
from fairforget.study.spec import engine_spec


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


@pytest.fixture(scope="module")
def plan(registry):
    return make_plan(open_study("quickstart", registry).study, registry)


def test_the_quickstart_by_hand(plan, registry, tmp_path):
    engine = build(registry, "engine", engine_spec("local:2"))
    assert forecast(plan, engine, tmp_path) is None
    recipe, seed = recipe_for(plan.task.plugin, plan.study.model_json())
    target = target_identity(recipe, plan.task.plugin.corpus(), seed)
    folder = tmp_path / "targets" / target["id"]
    folder.mkdir(parents=True)
    meta = {"schema": 1, "identity": target, "weights": "here", "digest": "", "files": {}}
    (folder / "meta.json").write_text(json.dumps(meta | {"training": {"seconds": 12.0, "texts": 500}}))
    found = forecast(plan, engine, tmp_path)
    # 12 cells each: 20 updates of 8 samples; ascent 3 passes a sample, the other three methods 6 with retain partners.
    passes = 12 * 10 * 16 * (3 + 6 + 6 + 6)
    assert found.unlearning == pytest.approx(passes * 12.0 / (3 * recipe.training.epochs * 500) / 2)
    assert found.oracles == pytest.approx(12 * 12.0 / 2)


def test_a_target_that_stopped_early_took_its_seconds_for_fewer_passes(plan, registry, tmp_path):
    engine = build(registry, "engine", engine_spec("inline"))
    recipe, seed = recipe_for(plan.task.plugin, plan.study.model_json())
    target = target_identity(recipe, plan.task.plugin.corpus(), seed)
    folder = tmp_path / "targets" / target["id"]
    folder.mkdir(parents=True)
    meta = {"schema": 1, "identity": target, "weights": "here", "digest": "", "files": {}}
    found = []
    for epochs in (recipe.training.epochs, 3):
        training = {"seconds": 12.0, "texts": 500, "epochs": epochs}
        (folder / "meta.json").write_text(json.dumps(meta | {"training": training}))
        found.append(forecast(plan, engine, tmp_path).unlearning)
    assert found[1] == pytest.approx(found[0] * recipe.training.epochs / 3)
