"""Trainers that do more than return a loss."""

from __future__ import annotations

from pathlib import Path

import pytest

PLUGINS = [Path(__file__).parent / "more_trainers.py"]
ASCENTS = Path(__file__).parent / "ascents.py"


def test_a_preference_loss_is_the_first_partys_dpo(study):
    found = study("preference", {"name": "dpo", "retain_weight": 0}, plugins=PLUGINS)
    mine = next(r for r in found if r["cell"]["method"]["name"] == "more_trainers/preference")
    theirs = next(r for r in found if r is not mine)
    assert [r["status"] for r in found] == ["ok", "ok"]
    for name, items in theirs["items"].items():
        assert mine["items"][name] == pytest.approx(items, abs=2e-4), name
    # Both halves through the model and through its reference, whether it remembers them or not.
    assert mine["ledger"]["unlearning"]["forward_sequences"] == 4 * 18


@pytest.mark.parametrize("micro", [{}, {"micro_batch_size": 1}, {"micro_batch_size": 3, "adapter": {"r": 4}}],
                         ids=["whole batches", "one row at a time", "three, of an adapter"])  # fmt: skip
def test_however_a_trainer_comes_to_its_loss_it_is_the_same(study, micro):
    names = ["plain", "of-transformers", "demanding", "keywords", "positions", "no-dict", "popping", "preparing"]
    optimizer = {"lr": 1e-3, "batch_size": 4, **micro}
    found = study({"name": "grad-ascent", "reduction": "tokens"}, *names, plugins=[ASCENTS], optimizer=optimizer)
    by_name = {record["cell"]["method"]["name"].split("/")[1]: record for record in found}
    theirs = by_name.pop("grad-ascent")
    assert theirs["scores"]["forget_probability"]["value"] > 0
    assert sorted(by_name) == sorted(names)
    for name, mine in by_name.items():
        assert (mine["status"], mine["problems"]) == ("ok", []), name
        for column, items in theirs["items"].items():
            assert mine["items"][column] == pytest.approx(items, abs=2e-4), (name, column)
        assert mine["ledger"]["updates"] == theirs["ledger"]["updates"]
        assert mine["ledger"]["unlearning"]["backward_sequences"] == 18


@pytest.mark.parametrize("micro", [{}, {"micro_batch_size": 1}], ids=["whole batches", "one row at a time"])
def test_states_inside_are_best_taken_from_the_outputs(study, micro):
    optimizer = {"lr": 1e-3, "batch_size": 4, **micro}
    asked = [{"name": "states", "hook": hook} for hook in (False, True)]
    found = study(*asked, plugins=PLUGINS, optimizer=optimizer)
    outputs, hook = sorted(found, key=lambda record: record["cell"]["method"]["options"].get("hook", True))
    assert (outputs["status"], outputs["problems"]) == ("ok", [])
    assert outputs["ledger"]["unlearning"]["backward_sequences"] == 18
    if micro:
        assert hook["status"] == "failed"
        assert "the forward hook on Embedding sees a part of the batch" in hook["problems"][0]["message"]
    else:
        assert hook["items"] == outputs["items"]
        assert [problem["message"][:53] for problem in hook["problems"]] == [
            "the weights changed without any backward pass that co"
        ]


@pytest.mark.parametrize(("method", "what"), [("scheduled", "optimizer"), ("clipped", "_clip_grad_norm")])
def test_what_a_trainer_brings_beside_its_loss_is_refused(study, method, what):
    (record,) = study(method, plugins=PLUGINS)
    assert record["status"] == "failed"
    assert f"overrides {what}, which fairforget does itself" in record["problems"][0]["message"]


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
