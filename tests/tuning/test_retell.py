"""What records say of a search that went on, or was made anew, and chose the same again."""

from __future__ import annotations

import json

import pytest

from fairforget.board.table import build
from fairforget.run.tuning.retell import retell
from fairforget.store.record import write_record
from fairforget.store.results import Results
from fairforget.study.cell import cell_key

AS_GIVEN = 1e-3
"""Where completeness has its peak at it, no trial beats the first."""


@pytest.fixture
def tell(bench, oracle):
    """Tune, write the records of the cells that have none, and retell the others; return their keys and how many."""

    def run(*sets, peak=AS_GIVEN):
        engine = oracle(peak=peak)
        tuned = bench.run(engine, "methods=[untouched, grad-ascent]", *sets)
        tune, folder = bench.tune("methods=[untouched, grad-ascent]", *sets), bench.folder / "study"
        planned = tuned.plan.cells(bench.draws(tune), tune.target, data=tune.data)
        cells = {cell_key(cell): cell for cell in planned}
        there = {key for key in cells if (folder / f"{key}.json").exists()}
        for key in cells.keys() - there:
            record = {**engine.record(cells[key]), "draw_info": {"covariates": {}}}
            if (told := json.loads(tuned.of(cells[key]))) is not None:
                record["tuning"], record["ledger"]["tuning"] = told["tuning"], told["ledger"]
            write_record(folder, record)
        return tuple(cells), retell(folder, cells, there, tuned)

    return run


def texts(bench):
    return {path.stem: path.read_text() for path in (bench.folder / "study").glob("*.json")}


def test_a_search_that_went_on_is_told_in_the_records_that_are_there(bench, tell):
    first, _ = tell("tuning.trials=4")
    before = texts(bench)
    again, written = tell("tuning.trials=8")
    assert again == first, "the cells are the same"
    assert written == 2
    after = texts(bench)
    assert after.keys() == before.keys()
    for key, text in after.items():
        new, old = json.loads(text), json.loads(before[key])
        if "tuning" not in old:
            assert text == before[key], "a row that is not tuned stays as it is"
            continue
        assert (old["tuning"]["trials"], new["tuning"]["trials"]) == (4, 8)
        assert (old["tuning"]["forward_equivalents"], new["tuning"]["forward_equivalents"]) == (80, 160)
        assert (old["ledger"]["tuning"]["cells"], new["ledger"]["tuning"]["cells"]) == (8, 16)
        new["tuning"], new["ledger"]["tuning"] = old["tuning"], old["ledger"]["tuning"]
        assert json.dumps(new, separators=(",", ":")) + "\n" == before[key], "and nothing else, not even the order"


def test_one_study_is_one_table(bench, tell):
    """Also where the study asks for another draw after more trials."""
    tell("tuning.trials=4", "draws=1")
    keys, _ = tell("tuning.trials=8", "draws=2")
    found = Results.read([bench.folder / "study"])
    assert {record.key for record in found.records} == set(keys)
    tables = build(found.records, planned=frozenset(keys)).tables
    assert len(tables) == 1
    assert {r.extra["tuning"]["trials"] for r in found.records if "tuning" in r.extra} == {8}


def test_another_search_that_chose_the_same_is_told_too(bench, tell):
    first, _ = tell("tuning.draws=1")
    again, written = tell("tuning.draws=2")
    assert (again, written) == (first, 2)
    said = [json.loads(text)["tuning"] for text in texts(bench).values() if "tuning" in json.loads(text)]
    assert {one["draws"] for one in said} == {2}
    assert {one["key"] for one in said} == {search["key"] for search in bench.file()["searches"]}


def test_what_is_so_is_not_written_again(bench, tell):
    tell("tuning.trials=4")
    before = {path: path.stat().st_mtime_ns for path in (bench.folder / "study").glob("*.json")}
    assert tell("tuning.trials=4")[1] == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_what_another_choice_left_keeps_what_its_search_cost(bench, tell):
    """Its cell is no longer one of the study."""
    first, _ = tell("tuning.trials=1", peak=8e-3)
    again, written = tell("tuning.trials=8", peak=8e-3)
    assert written == 0
    left = set(first) - set(again)
    assert len(left) == 2
    assert {json.loads(texts(bench)[key])["tuning"]["trials"] for key in left} == {1}
