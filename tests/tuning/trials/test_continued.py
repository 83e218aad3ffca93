"""A search that was killed, damaged or lengthened is the search in one."""

from __future__ import annotations

import json

import pytest

from .searches import CELLS


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
