"""Trials of every row: their options, their values and what they have cost."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from fairforget.run.counting.ledger import PAID
from fairforget.run.tuning import trial

from .searches import CELLS, options


def test_every_row_has_as_many_trials_and_the_first_is_the_row_as_it_stands(bench, oracle):
    engine = oracle()
    bench.run(engine)
    ascent, npo = bench.file()["searches"]
    assert (ascent["method"], npo["method"]) == ("grad-ascent", "npo")
    assert len(ascent["trials"]) == len(npo["trials"]) == 6
    assert options(ascent)[0] == {"optimizer.lr": 1e-3}
    assert options(npo)[0] == {"beta": 0.1, "retain_weight": 1.0, "optimizer.lr": 1e-3}
    assert len(engine.ran) == len(set(engine.ran)) == CELLS
    assert all(1e-4 <= one["optimizer.lr"] <= 1e-2 for one in [*options(ascent), *options(npo)])


def test_the_value_of_a_trial_is_the_mean_over_its_draws_of_what_boards_rank_by(bench, oracle):
    bench.run(oracle())
    for found in bench.file()["searches"][0]["trials"]:
        records = [json.loads((bench.folder / "cells" / f"{key}.json").read_text()) for key in found["cells"]]
        assert [r["cell"]["draw"]["index"] for r in records] == [0, 1]
        assert [r["cell"]["draw"]["stratum"] for r in records] == ["tuning", "tuning"]
        completeness = [r["scores"]["forget_ua"]["value"] for r in records]
        assert found["value"] == pytest.approx(sum(2 * c * 0.8 / (c + 0.8) for c in completeness) / 2)


def test_the_mean_may_be_asked_for(bench, oracle):
    engine = oracle()
    bench.run(engine, "tuning.objective=mean")
    (first, *_) = bench.file()["searches"][0]["trials"]
    record = json.loads((bench.folder / "cells" / f"{first['cells'][0]}.json").read_text())
    worth = engine.worth(record["cell"])
    assert first["value"] == pytest.approx((worth + worth - 0.05 + 1.6) / 4)


def test_what_was_spent_is_what_the_cells_say(bench, oracle):
    tuned = bench.run(oracle())
    for text in tuned.said.values():
        said = json.loads(text)
        assert said["tuning"]["trials"] == 6
        assert said["tuning"]["forward_equivalents"] == 12 * 10
        counts = {"forward_sequences": 48, "backward_sequences": 36, "forward_tokens": 480, "backward_tokens": 360}
        nothing = dict.fromkeys((*counts, "seconds"), 0)
        assert said["ledger"] == {
            "cells": 12, "updates": 36, "forward_equivalents": 120, **counts, "seconds": 12.0, "evaluation": nothing
        }  # fmt: skip
    assert set(trial.PAID) == set(PAID)


def test_trials_measure_only_what_decides(bench, oracle):
    bench.run(oracle(), "trajectory={every: 1}")
    tune = bench.tune()
    wanted = [u["column"] for u in tune.plan.metrics if u["average"] and u["role"] != "diagnostic"]
    for path in (bench.folder / "cells").glob("*.json"):
        evaluation = json.loads(path.read_text())["cell"]["evaluation"]
        assert [use["column"] for use in evaluation["metrics"]] == wanted
        assert "trajectory" not in evaluation


def test_rounds_are_told(bench, oracle):
    bench.run(oracle())
    assert bench.notes.counts == [(16, 0), (8, 0)]
    lines = [line for line in bench.notes.lines if ", score 0." in line]
    assert len(lines) == 2
    assert all(first != second for first, second in pairwise(lines))
