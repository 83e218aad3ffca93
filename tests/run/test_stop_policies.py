"""A policy whose level nothing can tell is refused before anything is made: by a dry run, too."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fairforget.api import Task
from fairforget.cli.program import main
from fairforget.registry import Registry
from fairforget.run.looks.stop_policies import NoLevel, check_policies
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

SMALL = {"name": "biographies", "people": 8, "retain_people": 4, "holdout_people": 0, "samples": 2, "world_facts": 4}
STUDY = {
    "name": "small", "task": SMALL, "forget_size": 4, "draws": 1, "methods": ["untouched", "grad-ascent"],
    "budget": {"epochs": 1, "stop": {"policy": "unseen"}}, "optimizer": {"lr": 0.001, "batch_size": 4},
}  # fmt: skip


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_no_study_waits_for_held_out_samples_that_the_task_lacks(tmp_path, monkeypatch, capsys, options):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps(STUDY))
    assert main(["run", str(file), "--out", str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr().err
    assert "budget.stop.policy: the policy 'unseen' takes its level from held-out samples, and task biographies" in said
    assert "use 'paper_literal' or 'retrain'" in said
    assert "Traceback" not in said
    assert not (tmp_path / "cache").exists()


def checked(holdout=True, recipe=True, **keys):
    study = {**STUDY, "task": {**SMALL, "holdout_people": 4 if holdout else 0}, **keys}
    plan = make_plan(parse_study(json.dumps(study), "study").study, Registry.discover())
    task = plan.task.of(Task)
    made = task.target()
    check_policies(plan, task.corpus(), made if recipe else replace(made, training=None))


def test_a_target_without_a_recipe_has_no_oracle_to_take_a_level_from():
    with pytest.raises(
        NoLevel, match=r"^trajectory.forgetting.policy: .* no recipe .*; use 'unseen' or 'paper_literal'"
    ):
        checked(recipe=False, budget={"epochs": 1}, trajectory={"forgetting": {"policy": "retrain"}})


def test_what_can_be_told_passes():
    checked()
    checked(recipe=False)
    checked(holdout=False, budget={"epochs": 1, "stop": {"policy": "retrain"}})
    checked(holdout=False, budget={"epochs": 1, "stop": {"policy": "paper_literal"}})
    checked(holdout=False, methods=["untouched", "retrain"])  # nobody looks along the way of a reference row
