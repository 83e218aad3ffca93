"""Trainers that do more than return a loss."""

from __future__ import annotations

from pathlib import Path

import pytest

PLUGINS = [Path(__file__).parent / "more_trainers.py"]


def test_a_preference_loss_is_the_first_partys_dpo(study):
    found = study("preference", {"name": "dpo", "retain_weight": 0}, plugins=PLUGINS)
    mine = next(r for r in found if r["cell"]["method"]["name"] == "more_trainers/preference")
    theirs = next(r for r in found if r is not mine)
    assert [r["status"] for r in found] == ["ok", "ok"]
    for name, items in theirs["items"].items():
        assert mine["items"][name] == pytest.approx(items, abs=2e-4), name
    # Both halves through the model and through its reference, whether it remembers them or not.
    assert mine["ledger"]["unlearning"]["forward_sequences"] == 4 * 18


def test_an_override_that_would_not_be_called_is_refused(study):
    (record,) = study("regex", plugins=PLUGINS)
    assert record["status"] == "failed"
    (problem,) = record["problems"]
    assert problem["kind"] == "refused"
    assert problem["message"].startswith("RegexTrainer overrides create_optimizer, which fairforget does itself")


@pytest.mark.parametrize("method", ["frozen", "busy"])
def test_it_runs(study, method, capsys):
    (record,) = study(method, plugins=PLUGINS, budget={"epochs": 2.5})
    assert (record["status"], record["problems"]) == ("ok", [])
    assert record["ledger"]["stopped"] == "budget"
    assert capsys.readouterr().out == ""  # what a Trainer logs is kept, not printed


def test_a_trainer_may_stop_before_its_budget_is_spent(study):
    (record,) = study("stopper", plugins=PLUGINS)
    assert (record["status"], record["problems"]) == ("ok", [])
    assert (record["ledger"]["updates"], record["ledger"]["stopped"]) == (2, "method")


def test_a_task_without_retain_samples_will_do_where_none_are_asked_for(study):
    task = {"name": "biographies", "people": 3, "retain_people": 0, "holdout_people": 3, "samples": 2,
            "world_facts": 0, "frequencies": [1], "distributions": ["in"], "lengths": ["short"], "rare_words": [0],
            "hidden_size": 16, "layers": 1, "vocabulary": 400, "epochs": 1}  # fmt: skip
    found = study("stopper", "trainer-grad-diff", task=task, plugins=PLUGINS)
    by_name = {r["cell"]["method"]["name"].split("/")[1]: r for r in found}
    assert by_name["stopper"]["status"] == "ok"
    assert by_name["trainer-grad-diff"]["status"] == "failed"
    assert "no retain" in by_name["trainer-grad-diff"]["problems"][0]["message"] or (
        "has none beside this draw" in by_name["trainer-grad-diff"]["problems"][0]["message"]
    )
