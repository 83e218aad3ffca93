"""Trials of every row, and what becomes of them."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from fairforget.errors import FairforgetError
from fairforget.run.counting.ledger import PAID
from fairforget.run.tuning import trial
from fairforget.study.cell import cell_key

CELLS = 2 * 6 * 2
"""Rows × trials × draws."""


def options(found):
    return [one["options"] for one in found["trials"]]


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


def test_the_plan_has_the_best_options_and_its_cells_say_that_they_are_tuned(bench, oracle):
    tuned = bench.run(oracle())
    searches = {one["method"]: one for one in bench.file()["searches"]}
    tune = bench.tune()
    cells = tuned.plan.cells(bench.draws(tune), tune.target, data=tune.data)
    seen = set()
    for cell in cells:
        label = cell["method"]["label"]
        seen.add(label)
        if label == "untouched":
            assert "tuned" not in cell["method"]
            assert tuned.of(cell) == "null"
            continue
        found = searches[label]
        best = max(found["trials"], key=lambda one: one["value"])["options"]
        assert cell["method"]["tuned"] is True
        assert cell["optimizer"]["lr"] == best["optimizer.lr"]
        assert all(cell["method"]["options"][name] == best[name] for name in best if name != "optimizer.lr")
        said = json.loads(tuned.of(cell))
        assert said["tuning"]["chosen"] == best
        assert said["tuning"]["key"] == found["key"]
        assert said["tuning"]["default"]["options"] == options(found)[0]
    assert seen == {"untouched", "grad-ascent", "npo"}


def test_a_tuned_cell_is_another_than_one_with_the_same_options_that_was_not_tuned(bench, oracle):
    tuned = bench.run(oracle(), "tuning.trials=1")
    tune = bench.tune("tuning=null")
    draws, data = bench.draws(tune), tune.data
    plain = {cell_key(cell): cell for cell in tune.plan.cells(draws, tune.target, data=data)}
    chosen = {cell_key(cell): cell for cell in tuned.plan.cells(draws, tune.target, data=data)}
    shared = plain.keys() & chosen.keys()
    assert {plain[key]["method"]["label"] for key in shared} == {"untouched"}
    for key in chosen.keys() - shared:
        cell = {**chosen[key], "method": {n: v for n, v in chosen[key]["method"].items() if n != "tuned"}}
        assert cell_key(cell) in plain, "it differs in nothing else: one trial is the row as it stands"


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


@pytest.mark.parametrize("killed", [0, 1, 7, 15, 16, 17, 23])
def test_killed_at_any_cell_it_goes_on_with_the_same_trials(make_bench, oracle, killed):
    whole, broken = make_bench("whole"), make_bench("broken")
    undisturbed = whole.run(oracle())
    first, second = oracle(killed=killed), oracle()
    with pytest.raises(KeyboardInterrupt):
        broken.run(first)
    assert broken.run(second).said == undisturbed.said
    assert broken.file() == whole.file()
    assert len(first.ran) == killed
    assert not set(first.ran) & set(second.ran)
    assert len(second.ran) == CELLS - killed


@pytest.mark.parametrize(("slots", "late"), [(2, 1), (3, 5), (16, 7)])
def test_the_trials_do_not_depend_on_how_many_run_side_by_side(make_bench, oracle, slots, late):
    one, many = make_bench("one"), make_bench("many")
    one.run(oracle())

    class Flushed(oracle):
        def submit(self, fn, /, *args):
            future = super().submit(fn, *args)
            if len(self.ran) in {16, CELLS}:  # the last of a round
                self.late = 0
                while self._waiting:
                    self._end(*self._waiting.pop())
                self.late = late
            return future

    many.run(Flushed(late=late), slots=slots)
    assert many.file() == one.file()


def test_again_it_runs_nothing(bench, oracle):
    before, engine = bench.run(oracle()), oracle()
    assert bench.run(engine).said == before.said
    assert engine.ran == []
    tune = bench.tune()
    assert tune.known(bench.draws(tune)).said == before.said
    assert tune.known(bench.draws(tune)).plan.methods == before.plan.methods


def test_nothing_is_known_before_all_trials_are_there(bench, oracle):
    tune = bench.tune()
    assert tune.known(bench.draws(tune)) is None
    with pytest.raises(KeyboardInterrupt):
        bench.run(oracle(killed=20))
    assert tune.known(bench.draws(tune)) is None


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-30], lambda text: text.replace('"best": ', '"best": 1'), lambda _: "[]"]
)
def test_a_damaged_file_costs_nothing(bench, oracle, damage):
    before = bench.run(oracle())
    path = bench.folder / "trials.json"
    whole = path.read_text()
    path.write_text(damage(whole))
    engine = oracle()
    assert bench.run(engine).said == before.said
    assert engine.ran == [], "the cells are there"
    assert path.read_text() == whole


def test_more_trials_go_on_from_those_there(bench, oracle):
    bench.run(oracle())
    before, engine = bench.file(), oracle()
    bench.run(engine, "tuning.trials=8")
    after = bench.file()
    assert len(engine.ran) == 2 * 2 * 2
    for old, new in zip(before["searches"], after["searches"], strict=True):
        assert new["key"] == old["key"]
        assert new["trials"][:6] == old["trials"]
    fewer = oracle()
    tuned = bench.run(fewer, "tuning.trials=3")
    assert fewer.ran == []
    assert {json.loads(text)["tuning"]["trials"] for text in tuned.said.values()} == {3}


@pytest.mark.parametrize("steps", [(6, 8), (3, 8), (1, 2, 5, 8), (8, 3, 8), (4, 8)])
def test_a_search_in_steps_is_the_search_in_one(make_bench, oracle, steps):
    """Also where a step ends within a round, whose trials are chosen together."""
    whole, stepped = make_bench("whole"), make_bench("stepped")
    undisturbed, ran = whole.run(engine := oracle(), "tuning.trials=8"), []
    for trials in steps:
        tuned = stepped.run(step := oracle(), f"tuning.trials={trials}")
        ran += step.ran
    assert stepped.file() == whole.file()
    assert tuned.said == undisturbed.said
    assert sorted(ran) == sorted(engine.ran), "no cell runs twice"


@pytest.mark.parametrize("killed", [16, 18, 22])
def test_a_search_that_was_killed_may_go_on_longer(make_bench, oracle, killed):
    whole, broken = make_bench("whole"), make_bench("broken")
    whole.run(oracle(), "tuning.trials=8")
    with pytest.raises(KeyboardInterrupt):
        broken.run(oracle(killed=killed))
    broken.run(oracle(), "tuning.trials=8")
    assert broken.file() == whole.file()


@pytest.mark.parametrize(
    "change", ["tuning.draws=1", "tuning.seed=1", "tuning.objective=mean", "tuning.lr=[1e-4, 1e-1]", "budget.updates=4"]
)
def test_what_changes_the_search_begins_it_anew(bench, oracle, change):
    bench.run(oracle())
    before = {one["key"] for one in bench.file()["searches"]}
    bench.run(oracle(), change)
    assert not before & {one["key"] for one in bench.file()["searches"]}


def test_a_trial_that_fails_counts_as_nothing_and_is_counted(bench, oracle):
    tuned = bench.run(oracle(fails=3e-3))
    for one in bench.file()["searches"]:
        failed = [found for found in one["trials"] if found["options"]["optimizer.lr"] > 3e-3]
        assert failed
        assert all((f["value"], f["problem"]) == (0.0, "the loss is nan") for f in failed)
        assert all(f["problem"] is None for f in one["trials"] if f not in failed)
        said = next(
            json.loads(t)["tuning"] for t in tuned.said.values() if json.loads(t)["tuning"]["key"] == one["key"]
        )
        assert said["failed"] == len(failed)
    assert any(f"; {len(failed)} of 6 trials failed" in line for line in bench.notes.lines)


def test_where_every_trial_fails_the_row_stays_as_it_is(bench, oracle):
    tuned = bench.run(oracle(fails=0))
    for text in tuned.said.values():
        said = json.loads(text)["tuning"]
        assert (said["failed"], said["value"], said["chosen"]) == (6, 0.0, said["default"]["options"])


def test_failed_trials_run_again_where_that_is_asked_for(make_bench, oracle):
    bench, whole = make_bench("mended"), make_bench("whole")
    whole.run(oracle())
    bench.run(oracle(fails=3e-3))
    kept = oracle()
    bench.run(kept)
    assert kept.ran == []
    engine = oracle()
    bench.run(engine, retry_failed=True)
    assert engine.ran
    assert bench.file() == whole.file()


def test_a_worker_that_dies_is_no_failure_of_the_trial(make_bench, oracle):
    bench, whole = make_bench("died"), make_bench("whole")
    whole.run(oracle())
    with pytest.raises(FairforgetError, match=r"2 cells of tuning ended without a result \(killed by signal 9\)"):
        bench.run(oracle(dies=frozenset({3, 9})))
    engine = oracle()
    bench.run(engine)
    assert len(engine.ran) == CELLS - 14
    assert bench.file() == whole.file()


REFUSING = """
from dataclasses import dataclass
from typing import Annotated
from fairforget import Entry, hookimpl
from fairforget.api import Method, Search

@hookimpl
def fairforget_methods():
    return [Entry("fussy", ":Fussy")]

@dataclass(frozen=True)
class Fussy(Method):
    low: Annotated[int, Search(0, 9)] = 0
    high: Annotated[int, Search(0, 9)] = 9

    def __post_init__(self):
        if self.low >= self.high:
            raise ValueError("low must be below high")

    def unlearn(self, run):
        pass
"""


def test_options_that_a_plugin_refuses_together_are_a_trial_too(tmp_path, make_bench, oracle):
    file = tmp_path / "fussy.py"
    file.write_text(REFUSING)
    bench, engine = make_bench("fussy", file), oracle()
    bench.run(engine, "methods=[fussy]", "tuning.lr=false", "tuning.trials=12")
    (found,) = bench.file()["searches"]
    refused = [one for one in found["trials"] if one["options"]["low"] >= one["options"]["high"]]
    assert refused
    for one in refused:
        assert (one["value"], one["cells"]) == (0.0, [])
        assert "low must be below high" in one["problem"]
    assert len(found["trials"]) == 12
    assert len(engine.ran) == len({key for one in found["trials"] for key in one["cells"]})
    distinct = {json.dumps(one["options"]) for one in found["trials"] if one not in refused}
    assert found["spent"]["cells"] == 2 * len(distinct), "the same options twice are paid once"


def test_trials_measure_only_what_decides(bench, oracle):
    bench.run(oracle(), "trajectory={every: 1}")
    tune = bench.tune()
    wanted = [u["column"] for u in tune.plan.metrics if u["average"] and u["role"] != "diagnostic"]
    for path in (bench.folder / "cells").glob("*.json"):
        evaluation = json.loads(path.read_text())["cell"]["evaluation"]
        assert [use["column"] for use in evaluation["metrics"]] == wanted
        assert "trajectory" not in evaluation


def test_a_row_with_nothing_to_search_is_named(bench, oracle):
    engine = oracle()
    tuned = bench.run(engine, "tuning.lr=false")
    assert "grad-ascent + uniform has nothing to search and runs as the study gives it" in bench.notes.lines
    assert [(m.label, m.tuned) for m in tuned.plan.methods] == [
        ("untouched", False),
        ("grad-ascent", False),
        ("npo", True),
    ]
    assert len(engine.ran) == CELLS / 2


def test_a_study_that_is_not_tuned_says_nothing_of_it(bench, oracle):
    engine = oracle()
    bench.run(engine, "tuning=null")
    assert (bench.notes.lines, engine.ran) == ([], [])


def test_tuned_rows_stand_beside_the_others(bench, oracle):
    tuned = bench.run(oracle(), "tuning.untuned=true")
    assert [(m.label, m.tuned) for m in tuned.plan.methods] == [
        ("untouched", False), ("grad-ascent", False), ("grad-ascent", True), ("npo", False), ("npo", True)
    ]  # fmt: skip
    tune = bench.tune()
    cells = tuned.plan.cells(bench.draws(tune), tune.target, data=tune.data)
    assert len({cell_key(cell) for cell in cells}) == len(tuned.plan) == 10


def test_every_curriculum_is_tuned_by_itself(bench, oracle):
    tuned = bench.run(oracle(), "curricula=[uniform, mrd-weighted]", "methods=[grad-ascent]")
    one, other = bench.file()["searches"]
    assert (one["curriculum"], other["curriculum"]) == ("uniform", "mrd-weighted")
    assert [len(m.curricula) for m in tuned.plan.methods] == [1, 1]
    for method, found in zip(tuned.plan.methods, (one, other), strict=True):
        best = max(found["trials"], key=lambda t: t["value"])["options"]
        assert method.optimizer["lr"] == best["optimizer.lr"]
        (curriculum,) = method.curricula
        for name, value in best.items():
            if name.startswith("curriculum."):
                assert curriculum.built.to_json()["options"][name.removeprefix("curriculum.")] == value


def test_reserved_groups_come_first(bench, oracle):
    tune = bench.tune("tuning.reserve=true")
    reserved = tune.reserved()
    assert len(reserved) == 2 * 4
    assert reserved == {n for draw in tune._draws(bench.draws(tune)) for n in draw.forget}
    assert bench.tune().reserved() == frozenset()
    assert bench.tune("tuning=null").reserved() == frozenset()


def test_rounds_are_told(bench, oracle):
    bench.run(oracle())
    assert bench.notes.counts == [(16, 0), (8, 0)]
    lines = [line for line in bench.notes.lines if ", score 0." in line]
    assert len(lines) == 2
    assert all(first != second for first, second in pairwise(lines))
