"""Whole studies under matched completeness, with trajectories, and of single samples."""

from __future__ import annotations

import json
import statistics

import pytest

from fairforget.cli import main

STUDY = """\
name: pathed
task: {name: biographies, people: 8, retain_people: 4, holdout_people: 6, samples: 2, world_facts: 4, frequencies: [4],
  distributions: [in], lengths: [short], rare_words: [0], hidden_size: 64, layers: 1, vocabulary: 400, epochs: 10,
  learning_rate: 6.0e-3}
samplers: [random]
draws: 1
forget_size: 8
methods: [grad-ascent]
budget: {updates: 5}
optimizer: {lr: 1.0e-3, batch_size: 4, max_grad_norm: 1.0}
evaluation: {retain: 4, holdout: 6, others: 2}
engine: inline
"""
AVERAGED = {"completeness": ("forget_ua", "forget_mia", "forget_rr")}
QUICK = {"forget_mia", "forget_probability", "forget_ma", "forget_mia_retain", "retain_probability",
         "retain_perplexity", "holdout_perplexity"}  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Runs the study with changed keys; returns its records, all of them ok unless it exits with 1."""
    folder = tmp_path_factory.mktemp("pathed")
    (folder / "pathed.yaml").write_text(STUDY)
    runs = 0

    def run(*changes: str, code: int = 0) -> list[dict]:
        nonlocal runs
        runs += 1
        out = folder / f"out{runs}"
        sets = [part for change in changes for part in ("--set", change)]
        assert main(["run", str(folder / "pathed.yaml"), "--out", str(out), *sets]) == code
        records = [json.loads(path.read_text()) for path in sorted((out / "cells").glob("*.json"))]
        assert all((record["status"] == "ok") == (code == 0) for record in records)
        return sorted(records, key=lambda r: (r["cell"]["method"]["name"], r["cell"]["draw"]["index"]))

    return run


@pytest.fixture(scope="module")
def plain(study):
    return study()[0]


def completeness(scores) -> float:
    return statistics.mean(scores[name] for name in AVERAGED["completeness"])


@pytest.mark.slow
def test_matched_completeness_ends_at_the_look_that_reaches_it(study):
    (record,) = study("budget={updates: 60, completeness: 0.45, every: 1}")
    way = record["trajectory"]
    reached = [completeness(point["scores"]) for point in way]
    assert all(value < 0.45 for value in reached[:-1])
    assert reached[-1] >= 0.45
    end = record["ledger"]["updates"]
    assert [point["update"] for point in way] == list(range(end + 1))
    assert (record["ledger"]["stopped"], record["problems"]) == ("completeness", [])
    match = record["matched"]
    share = (0.45 - reached[-2]) / (reached[-1] - reached[-2])
    assert match["update"] == pytest.approx(end - 1 + share)
    for name, value in match["utility"].items():
        assert value == pytest.approx(way[-2]["scores"][name] * (1 - share) + way[-1]["scores"][name] * share)
    assert match["utility_average"] == pytest.approx(statistics.mean(match["utility"].values()))
    # A look costs the method nothing, and finds what the record says of the same weights.
    assert record["ledger"]["forward_equivalents"] == 3 * 4 * end == way[-1]["forward_equivalents"]
    assert record["ledger"]["stopping"]["forward_sequences"] > 0
    assert way[-1]["scores"] == {name: record["scores"][name]["value"] for name in way[-1]["scores"]}


@pytest.mark.slow
def test_an_unreachable_completeness_is_a_failure_that_is_shown(study, plain):
    (record,) = study("budget={updates: 5, completeness: 1.0, every: 2}", "trajectory={forgetting: {n: 4}}")
    assert (record["ledger"]["updates"], record["ledger"]["stopped"]) == (5, "budget")
    assert [point["update"] for point in record["trajectory"]] == [0, 2, 4, 5]
    assert all(QUICK | set(AVERAGED["completeness"]) <= set(point["scores"]) for point in record["trajectory"])
    assert record["forgetting"]["cap"] == 5
    match = record["matched"]
    assert (match["reached"], match["update"], match["utility"]) == (False, None, None)
    assert match["best"] == max(completeness(point["scores"]) for point in record["trajectory"])
    assert [problem["kind"] for problem in record["problems"]] == ["completeness-not-reached"]
    assert "completeness 1 was not reached in 5 updates" in record["problems"][0]["message"]
    assert record["scores"] == plain["scores"], "and its scores are there, those of the same updates"


def test_a_trajectory_changes_no_score(study, plain):
    (record,) = study("trajectory={every: 1, forgetting: {n: 4}}")
    for part in ("scores", "items"):
        assert record[part] == plain[part]
    assert record["ledger"]["forward_equivalents"] == plain["ledger"]["forward_equivalents"]
    assert record["key"] != plain["key"], "or a finished study would be thought to have one"
    assert plain["ledger"]["stopping"]["forward_sequences"] == 0
    way = record["trajectory"]
    assert [point["update"] for point in way] == [0, 1, 2, 3, 4, 5]
    assert all(set(point["scores"]) == QUICK for point in way)
    assert "matched" not in record
    assert set(record["forgetting"]["updates"]) == set(record["cell"]["draw"]["forget"])
    assert record["forgetting"]["cap"] == 5


@pytest.mark.slow
def test_single_samples_are_unlearned_until_they_are_forgotten(study):
    stop = "{rule: memorization, policy: unseen, quantile: 1, every: 1, n: 4}"
    changes = ("unit=sample", "forget_size=1", "draws=3", "optimizer.batch_size=8", "optimizer.lr=3e-3")
    records = study(*changes, f"budget={{updates: 40, stop: {stop}}}")
    assert len(records) == 3
    for record in records:
        (sample,) = record["cell"]["draw"]["forget"]
        updates = record["ledger"]["updates"]
        assert record["ledger"]["stopped"] == "rule"
        assert record["forgetting"]["updates"] == {sample: updates}
        assert 0 < updates < 40
        assert record["ledger"]["visits"] == {sample: updates}


def test_single_samples_are_censored_at_the_cap(study):
    stop = "{quantile: 1, n: 4}"
    (record,) = study("unit=sample", "forget_size=1", "optimizer.lr=1e-6", f"budget={{updates: 2, stop: {stop}}}")
    (sample,) = record["cell"]["draw"]["forget"]
    assert record["forgetting"]["updates"] == {sample: None}
    assert (record["forgetting"]["cap"], record["ledger"]["stopped"]) == (2, "budget")


def test_a_cell_that_fails_on_the_way_keeps_what_was_seen(study):
    (record,) = study("optimizer.lr=1e30", "budget={updates: 9, completeness: 1.0, every: 1}", code=1)
    kinds = [problem["kind"] for problem in record["problems"]]
    assert kinds[0].startswith("non-finite")
    assert kinds[-1] == "completeness-not-reached"
    assert record["matched"]["reached"] is False
    assert [point["update"] for point in record["trajectory"]] == list(range(record["ledger"]["updates"] + 1))


def test_reference_rows_have_no_way(study):
    records = study("methods=[untouched]", "budget={updates: 3, completeness: 0.9}", "trajectory={}")
    assert not {"trajectory", "matched", "forgetting"} & set(records[0])
