"""The evidence of a claim, from a study that was run for real."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from fairforget.claims.evidence import gather, read_site
from fairforget.store.record import write_record


@pytest.fixture
def copied(by_hand, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "out")
    return planned, tmp_path / "out"


def test_every_cell_of_the_plan_is_there_on_every_target(by_hand):
    planned, out, ran = by_hand
    found = gather(planned, out)
    assert ran.ran == 2 * (4 + 4 * 2), "two targets; of the untouched model one seed a draw"
    assert (ran.failed, ran.stopped, found.missing, found.notes) == (0, (), 0, ())
    assert [evidence.target for evidence in found.evidence] == ["one", "two"]
    for evidence in found.evidence:
        records = evidence.only.records
        assert [r.key for r in records] == sorted(r.key for r in records)
        places = {(r.cell["method"]["label"], r.cell["draw"]["index"], r.cell["seed"]) for r in records}
        assert places == {("untouched", i, 0) for i in range(4)} | {("fragile", i, s) for i in range(4) for s in (0, 1)}
    ids = {record.cell["target"]["id"] for record in found.records}
    assert len(ids) == 2, "another training seed is another target"


def test_cells_lie_where_fairforget_run_puts_them(by_hand):
    _, out, _ = by_hand
    for target in ("one", "two"):
        folder = out / "by-hand" / target
        assert len(list((folder / "cells").glob("*.json"))) == 12
        assert (folder / "study.yaml").is_file()
        assert (folder / "board.json").is_file()


def test_a_part_brings_its_facts(world, by_hand):
    _, out, _ = by_hand
    shapes = {"small": 16.0, "large": 32.0}
    sites = tuple(world.site("one", part, {"parameters": size}) for part, size in shapes.items())
    (planned,) = world.planned(world.claim(sites=sites))
    (evidence,) = gather(planned, out).evidence
    assert {name: part.facts for name, part in evidence.parts.items()} == {
        "small": {"parameters": 16.0},
        "large": {"parameters": 32.0},
    }
    assert planned.sites[1].folder(out) == out / "by-hand" / "one.large"


def test_without_anything_all_cells_are_missing(by_hand, tmp_path):
    planned, _, _ = by_hand
    found = gather(planned, tmp_path)
    assert found.missing == 24
    assert found.notes[0] == "by-hand/one: 12 of 12 cells are missing"
    assert [note for note in found.notes if "mrd-monte-carlo, seed 1" in note]


def test_a_claim_of_scores_alone_asks_for_no_cells(world, by_hand):
    planned, out, _ = by_hand
    (alone,) = world.planned(replace(planned.claim, cells=False))
    found = gather(alone, out)
    assert found.missing == 0
    assert not list(found.records)
    assert [len(evidence.only.scores) for evidence in found.evidence] == [3, 3]


def test_a_missing_a_torn_and_a_foreign_record_are_noted_and_counted(copied):
    planned, out = copied
    cells = sorted((out / "by-hand" / "one" / "cells").glob("*.json"))
    cells[0].unlink()
    cells[1].write_text("{")
    cells[2].rename(cells[2].with_name("0" * 24 + ".json"))
    found = gather(planned, out)
    assert found.missing == 3
    assert len(found.evidence[0].only.records) == 9
    assert "by-hand/one: 3 of 12 cells are missing" in found.notes
    assert any(cells[1].name in note and "not JSON" in note for note in found.notes)
    assert any("0" * 24 in note and "called by its key" in note for note in found.notes)
    assert not any(str(out) in note for note in found.notes), "the same notes wherever the files lie"


def edited(record, **changes):
    from fairforget.study.cell import cell_key

    cell = {**record["cell"], **changes}
    return {**record, "cell": cell, "key": cell_key(cell)}


def first(out, label):
    folder = out / "by-hand" / "one" / "cells"
    records = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    return folder, next(r for r in records if r["cell"]["method"]["label"] == label)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda c: {"budget": {**c["budget"], "amount": 3}}, "the budget"),
        (lambda c: {"optimizer": {**c["optimizer"], "lr": 0.5}}, "the optimizer"),
        (lambda c: {"task": {**c["task"], "version": 2}}, "the task"),
        (lambda c: {"draw": {**c["draw"], "size": 3}}, "the size of its forget set"),
        (lambda c: {"draw": {**c["draw"], "stratum": "hard"}}, "a stratum or a sampler"),
        (lambda c: {"draw": {**c["draw"], "index": 4}}, "a draw or a seed"),
        (lambda c: {"seed": 2}, "a draw or a seed"),
        (lambda c: {"method": {**c["method"], "name": "a/b", "label": "b"}}, "a row that the study does not have"),
        (lambda c: {"method": {**c["method"], "name": "tests/other"}}, "the method"),
        (lambda c: {"curriculum": {**c["curriculum"], "name": "tests/other"}}, "the curriculum"),
        (lambda c: {"target": {**c["target"], "seed": 9}}, "the seed of the target"),
        (lambda c: {"evaluation": {**c["evaluation"], "retain": 1}}, "what is measured"),
        (lambda c: {"evaluation": {**c["evaluation"], "trajectory": {}}}, "the trajectory"),
    ],
)
def test_records_of_another_study_in_the_folder_are_not_used(copied, change, why):
    planned, out = copied
    folder, record = first(out, "fragile")
    write_record(folder, edited(record, **change(record["cell"])))
    found = read_site(planned.sites[0], out)
    assert len(found.part.records) == 12
    assert found.missing == 0
    assert any("1 record is not used, being of another study" in note and why in note for note in found.notes)


def test_a_release_may_change_versions_and_add_options(copied):
    planned, out = copied
    folder, record = first(out, "fragile")
    cell = record["cell"]
    method = {**cell["method"], "dist_version": "9.9", "options": {**cell["method"]["options"], "of_a_later_day": 1}}
    (folder / f"{record['key']}.json").unlink()
    write_record(folder, edited(record, method=method, task={**cell["task"], "dist_version": "9.9"}))
    found = read_site(planned.sites[0], out)
    assert len(found.part.records) == 12
    assert found.notes == ()


def test_of_two_records_for_one_place_that_of_the_plan_is_used(copied):
    planned, out = copied
    folder, record = first(out, "fragile")
    other = edited(record, task={**record["cell"]["task"], "dist_version": "9.9"})
    write_record(folder, other)
    found = read_site(planned.sites[0], out)
    keys = {r.key for r in found.part.records}
    assert record["key"] in keys
    assert other["key"] not in keys
    assert any("1 record is not used, for another stands" in note for note in found.notes)


def test_records_of_another_target_model_are_not_mixed_in(copied):
    planned, out = copied
    folder, record = first(out, "fragile")
    write_record(folder, edited(record, target={**record["cell"]["target"], "id": "f" * 24}))
    found = read_site(planned.sites[0], out)
    assert len(found.part.records) == 12
    assert len({r.cell["target"]["id"] for r in found.part.records}) == 1
    assert any("another target model" in note for note in found.notes)


def test_a_folder_that_is_a_link_out_is_not_read(by_hand, tmp_path):
    planned, out, _ = by_hand
    (tmp_path / "by-hand").mkdir()
    (tmp_path / "by-hand" / "one").symlink_to(out / "by-hand" / "one")
    found = read_site(planned.sites[0], tmp_path)
    assert found.part.records == ()
    assert found.part.scores == ()
    assert any("link that leads out" in note for note in found.notes)
