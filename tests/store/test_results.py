from __future__ import annotations

import json
import math
import os
import shutil

import pytest

from fairforget.errors import FairforgetError
from fairforget.store.results import Results


def test_records_come_by_key_whatever_the_order_of_folders(tmp_path, factory):
    records = factory.make_study(draws=1)
    factory.write(records[:20], tmp_path / "a")
    factory.write(records[10:], tmp_path / "b")
    one, other = (
        Results.read([tmp_path / "a", tmp_path / "b"]),
        Results.read([tmp_path / "b", tmp_path / "a" / "cells"]),
    )
    assert [r.key for r in one.records] == sorted(r["key"] for r in records)
    assert one == other
    assert one.rejected == ()
    found, rejected = one
    assert (found, rejected) == (one.records, one.rejected)


def test_other_files_are_passed_over(tmp_path, factory):
    factory.write([factory.make_record(factory.make_cell())], tmp_path)
    cells = tmp_path / "cells"
    for name in ("notes.json", "A" * 24 + ".json", ".0000.partial", "0" * 24 + ".json.bak", "0" * 23 + ".json"):
        (cells / name).write_text("not a record")
    assert len(Results.read([tmp_path]).records) == 1
    assert Results.read([tmp_path]).rejected == ()


def test_a_broken_file_is_named_and_harms_no_other(tmp_path, factory):
    factory.write([factory.make_record(factory.make_cell())], tmp_path)
    (tmp_path / "cells" / f"{'0' * 24}.json").write_text('{"schema": 1')
    found = Results.read([tmp_path])
    assert len(found.records) == 1
    assert found.rejected[0].path.name == f"{'0' * 24}.json"
    assert "not JSON" in found.rejected[0].reason


def test_links_that_lead_out_are_not_followed(tmp_path, factory):
    record = factory.make_record(factory.make_cell())
    factory.write([record], tmp_path / "elsewhere")
    run = tmp_path / "run"
    (run / "cells").mkdir(parents=True)
    (run / "cells" / f"{record['key']}.json").symlink_to(tmp_path / "elsewhere" / "cells" / f"{record['key']}.json")
    loop = run / "cells" / f"{'a' * 24}.json"
    loop.symlink_to(loop)
    found = Results.read([run])
    assert found.records == ()
    assert {rejected.reason for rejected in found.rejected} == {"a link that leads out of the folder"} or len(
        found.rejected
    ) == 2
    shutil.rmtree(run / "cells")
    (run / "cells").symlink_to(tmp_path / "elsewhere" / "cells")
    assert Results.read([run]).records == ()
    # A folder that is itself reached by a link was named by the user.
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert len(Results.read([tmp_path / "link"]).records) == 1


def test_one_that_went_well_stands_for_one_that_failed(tmp_path, factory):
    cell = factory.make_cell()
    failed = factory.make_record(cell, status="failed", scores={}, items={}, problems=[{"kind": "k", "message": "m"}])
    factory.write([failed], tmp_path / "a")
    factory.write([factory.make_record(cell)], tmp_path / "b")
    for order in (["a", "b"], ["b", "a"]):
        found = Results.read([tmp_path / name for name in order])
        assert [record.status for record in found.records] == ["ok"]
        assert "another record of the cell" in found.rejected[0].reason


def test_a_folder_that_is_not_there(tmp_path):
    (tmp_path / "quickstart").mkdir()
    with pytest.raises(FairforgetError, match=r"Did you mean .*quickstart"):
        Results.read([tmp_path / "quikstart"])
    with pytest.raises(FairforgetError, match="no folder"):
        Results.read([tmp_path / "nowhere" / "at" / "all"])
    (tmp_path / "file").write_text("")
    with pytest.raises(FairforgetError, match="not a folder"):
        Results.read([tmp_path / "file"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everywhere")
def test_a_folder_that_cannot_be_read(tmp_path):
    (tmp_path / "run").mkdir(mode=0o000)
    with pytest.raises(FairforgetError, match="cannot read"):
        Results.read([tmp_path / "run"])
    (tmp_path / "run").chmod(0o700)


def test_the_frame_has_a_row_a_cell_and_column(tmp_path, factory):
    ok = factory.make_record(factory.make_cell(stratum="hard", index=2, seed=1))
    ok["scores"]["forget_mia"]["value"] = None
    failed = factory.make_record(factory.make_cell(seed=4), status="failed", scores={}, items={})
    factory.write([ok, failed], tmp_path)
    results = Results.read([tmp_path])
    frame = results.frame()
    assert len(frame) == len(ok["scores"]) + 1
    row = frame[(frame["key"] == ok["key"]) & (frame["column"] == "retain_accuracy")].iloc[0]
    assert row["value"] == ok["scores"]["retain_accuracy"]["value"]
    assert (row["stratum"], row["draw"], row["seed"], row["label"]) == ("hard", 2, 1, "npo")
    assert math.isnan(frame[frame["column"] == "forget_mia"]["value"].iloc[0])
    assert frame[frame["status"] == "failed"]["column"].isna().all()
    items = results.frame(items=True)
    of = items[(items["column"] == "retain_accuracy") & (items["sample"] == "s1")]
    assert of["item"].iloc[0] == ok["items"]["retain_accuracy"]["s1"]
    assert len(items) == 4 * len(ok["scores"]) + 1


def test_the_frame_of_nothing_is_empty():
    assert Results((), ()).frame().empty


def test_a_record_is_what_json_says(tmp_path, factory):
    factory.write([factory.make_record(factory.make_cell())], tmp_path)
    record = Results.read([tmp_path]).records[0]
    json.dumps(record.to_json(), allow_nan=False)


def test_published_results_are_read_from_any_of_their_folders(tmp_path, factory):
    records = factory.make_study(draws=1)[:6]
    leaves = [
        tmp_path / "results" / task / "target-1" / f"fairforget__{method}"
        for task in ("biographies-v1", "else__tofu-v12")
        for method in ("npo", "idk")
    ]
    for i, record in enumerate(records):
        leaf = leaves[i % len(leaves)]
        leaf.mkdir(parents=True, exist_ok=True)
        (leaf / f"{record['key']}.json").write_text(json.dumps(record))
    keys = sorted(record["key"] for record in records)
    top = tmp_path / "results"
    assert [r.key for r in Results.read([top]).records] == keys
    for level in ("*", "*/*", "*/*/*"):
        assert [r.key for r in Results.read(sorted(top.glob(level))).records] == keys
    assert [r.key for r in Results.read([leaves[0]]).records] == sorted(r["key"] for r in records[::4])
    # A run beside them is none of them, and neither is what lies behind a link.
    factory.write([factory.make_record(factory.make_cell(seed=5))], tmp_path / "elsewhere" / "target" / "a__b")
    (top / "biographies-v2").symlink_to(tmp_path / "elsewhere")
    (top / "biographies-v3" / "target" / "notes").mkdir(parents=True)
    factory.write([factory.make_record(factory.make_cell(seed=6))], top / "biographies-v3" / "target" / "notes")
    found = Results.read([top])
    assert ([r.key for r in found.records], found.rejected) == (keys, ())
