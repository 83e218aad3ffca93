"""The plan after tuning: the best options, the rows beside them and the groups kept for them."""

from __future__ import annotations

import json

from fairforget.study.cell import cell_key

from .searches import CELLS, options


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
