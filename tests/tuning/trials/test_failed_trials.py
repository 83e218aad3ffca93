"""Trials that fail, workers that die and options that a plugin refuses."""

from __future__ import annotations

import json

import pytest

from fairforget.errors import FairforgetError

from .searches import CELLS


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
