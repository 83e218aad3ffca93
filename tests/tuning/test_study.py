"""A tuned study through the command line, with a model that really unlearns."""

from __future__ import annotations

import json
import shutil

import pytest

from fairforget.cli import main

pytestmark = pytest.mark.slow

STUDY = """\
name: tuned
task:
  name: biographies
  people: 12
  retain_people: 3
  holdout_people: 3
  samples: 2
  world_facts: 2
  frequencies: [1, 2]
  distributions: [in]
  lengths: [short]
  rare_words: [0, 1]
  hidden_size: 32
  layers: 1
  vocabulary: 400
  epochs: 12
  learning_rate: 8.0e-3
draws: 1
forget_size: 4
methods: [untouched, grad-ascent, npo]
budget: {updates: 2}
optimizer: {lr: 1.0e-3, batch_size: 4, max_grad_norm: 1.0}
engine: inline
tuning: {trials: 3, draws: 2, batch: 2}
"""

EVENTS = """
import pathlib
from fairforget import hookimpl

@hookimpl
def fairforget_cell_started(cell):
    with pathlib.Path(__file__).with_name("started").open("a") as file:
        file.write(cell["draw"]["stratum"] + "\\n")
"""


class Lab:
    def __init__(self, folder):
        self.folder, self.file, self.out = folder, folder / "tuned.yaml", folder / "out"
        self.events = folder / "events.py"
        self.file.write_text(STUDY)
        self.events.write_text(EVENTS)

    def run(self, *sets, options=()):
        settings = [part for text in sets for part in ("--set", text)]
        return main(["run", str(self.file), "--out", str(self.out), "--plugin", str(self.events), *settings, *options])

    def records(self, *inside):
        paths = self.out.joinpath(*inside, "cells").glob("*.json")
        return [json.loads(path.read_text()) for path in sorted(paths)]


@pytest.fixture(scope="module")
def finished_lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("tuned"))
    assert lab.run() == 0
    return lab


@pytest.fixture
def lab(finished_lab, tmp_path):
    copied = Lab(tmp_path)
    shutil.copytree(finished_lab.out, copied.out)
    return copied


def test_tuning_sees_no_group_that_is_evaluated(finished_lab):
    def groups(records):
        return {name.rpartition("-")[0] for record in records for name in record["cell"]["draw"]["forget"]}

    trials, cells = finished_lab.records("tuning"), finished_lab.records()
    assert len(trials) == 2 * 3 * 2
    assert len(groups(trials)) == 2 * 2
    assert len(groups(cells)) == 2
    assert not groups(trials) & groups(cells)


def test_the_ledger_has_what_the_trials_spent_as_counted_by_hand(finished_lab):
    """Two updates of four samples, 3 forward-equivalents each; npo has as many partners and asks the target once."""
    hand = {"fairforget/grad-ascent": 2 * 4 * 3, "fairforget/npo": 2 * (4 * 3 + 4 * 3) + 4}
    trials = finished_lab.records("tuning")
    for record in finished_lab.records():
        name = record["cell"]["method"]["name"]
        if name not in hand:
            assert "tuning" not in record
            assert "tuning" not in record["ledger"]
            continue
        mine = [trial["ledger"] for trial in trials if trial["cell"]["method"]["name"] == name]
        assert [ledger["forward_equivalents"] for ledger in mine] == [hand[name]] * 6
        spent = record["ledger"]["tuning"]
        assert record["tuning"]["forward_equivalents"] == spent["forward_equivalents"] == 6 * hand[name]
        assert (spent["cells"], spent["updates"]) == (6, 12)
        assert spent["forward_sequences"] + 2 * spent["backward_sequences"] == 6 * hand[name]
        assert spent["evaluation"]["forward_sequences"] == sum(
            ledger["evaluation"]["forward_sequences"] for ledger in mine
        )
        assert spent["evaluation"]["forward_sequences"] > 0
        assert record["ledger"]["forward_equivalents"] == hand[name], "what the cell itself spent stands apart"


def test_cells_have_the_chosen_options(finished_lab):
    found = {}
    for record in finished_lab.records():
        if "tuning" in record:
            said, cell = record["tuning"], record["cell"]
            assert cell["method"]["tuned"] is True
            assert cell["optimizer"]["lr"] == said["chosen"]["optimizer.lr"]
            assert said["value"] >= said["default"]["value"]
            found[cell["method"]["label"]] = (said["trials"], len(said["searched"]))
    assert found["grad-ascent"] == (3, 1)
    assert found["npo"][0] == 3
    assert found["npo"][1] >= 2


def test_more_trials_are_told_in_every_record_and_are_one_table(lab):
    """Wherever the search ends up: cells that it chose before keep their scores, and say what it cost now."""
    before = {record["key"]: record for record in lab.records()}
    assert lab.run("tuning.trials=5") == 0
    planned = json.loads((lab.out / "plan.json").read_text())["cells"]
    records = {record["key"]: record for record in lab.records() if record["key"] in planned}
    tuned = [record for record in records.values() if "tuning" in record]
    assert [(r["tuning"]["trials"], r["ledger"]["tuning"]["cells"]) for r in tuned] == [(5, 10)] * 2
    for key in records.keys() & before.keys():
        assert records[key]["scores"] == before[key]["scores"]
        assert records[key]["environment"] == before[key]["environment"], "it was not computed again"
    assert len(json.loads((lab.out / "board.json").read_text())["tables"]) == 1


def test_trackers_are_told_of_the_cells_of_the_study_alone(finished_lab):
    started = (finished_lab.folder / "started").read_text().split()
    assert started == ["random"] * 3


def test_the_same_command_again_runs_nothing_and_needs_no_cache(lab, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "empty"))
    before = lab.records()
    assert lab.run() == 0
    said = capsys.readouterr().err
    assert "0 cells to run" in said
    assert "tuning" not in said
    assert not (tmp_path / "empty").exists()
    assert lab.records() == before


def test_two_processes_make_the_same_trials(lab, finished_lab):
    shutil.rmtree(lab.out)
    assert lab.run(options=["--engine", "local:2"]) == 0

    def trials(other):
        searches = json.loads((other.out / "tuning" / "trials.json").read_text())["searches"]
        return [[(t["options"], t["cells"], t["value"]) for t in one["trials"]] for one in searches]

    assert trials(lab) == trials(finished_lab)
    assert {record["key"] for record in lab.records()} == {record["key"] for record in finished_lab.records()}


def test_status_counts_trials(finished_lab, capsys):
    assert main(["status", str(finished_lab.out)]) == 0
    assert "3 of 3 cells done, 0 failed, 0 to run, 6 trials of tuning done" in capsys.readouterr().out


def test_a_pool_that_is_too_small_is_said_before_any_trial(lab, capsys):
    shutil.rmtree(lab.out)
    assert lab.run("tuning.draws=6") == 2
    said = capsys.readouterr().err
    assert "leave 10 of the pool's 12 groups; at least 2 groups are missing. Write tuning.reserve: true" in said
    assert "Traceback" not in said
    assert not lab.records("tuning")
    assert lab.run("tuning.draws=6", "tuning.reserve=true") == 2
    assert "forget_size: 4 samples are wanted, and the pool has 0" in capsys.readouterr().err


def test_a_pool_that_is_too_small_for_any_study_is_said_before_the_target_is_made(lab, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "empty"))
    wanted = (
        "tuning: 900 forget sets of 4 samples, in groups of their own, are wanted beside those of the study, and the "
        "pool has 24 samples in 12 groups. Lower forget_size or tuning.draws"
    )
    assert lab.run("tuning.draws=900") == 2
    assert wanted in capsys.readouterr().err
    assert not (tmp_path / "empty" / "targets").exists()
    assert lab.run("tuning.draws=900", options=["--dry-run"]) == 0
    assert f"the study cannot run yet: {wanted}" in capsys.readouterr().out


def test_reserved_groups_are_not_drawn(lab):
    shutil.rmtree(lab.out)
    sets = ["methods=[grad-ascent]", "draws=3", "tuning={trials: 1, draws: 4, reserve: true}"]
    assert lab.run(*sets) == 0

    def forgotten(records):
        return {name for record in records for name in record["cell"]["draw"]["forget"]}

    assert len(forgotten(lab.records("tuning"))) == 16
    assert not forgotten(lab.records("tuning")) & forgotten(lab.records())


def test_another_forget_size_has_draws_of_its_own(lab, capsys):
    assert lab.run("tuning=null", "methods=[untouched]", "forget_size=6") == 0
    assert "1 cells to run" in capsys.readouterr().err
    assert {len(r["cell"]["draw"]["forget"]) for r in lab.records()} == {4, 6}


def test_a_dry_run_counts_the_trials(finished_lab, capsys):
    assert finished_lab.run(options=["--dry-run"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["npo", "(tuning)", "uniform", "6", "12", "288"] in rows
    assert ["total", "15", "28", "504"] in rows
