"""What boards keep of records: the same board from it, and an index that is never believed over the files."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3

import pytest

from fairforget.board.forms.json import render_json
from fairforget.board.kept import index as index_module
from fairforget.board.kept import many
from fairforget.board.kept.packing import Unpacker, pack
from fairforget.board.kept.reading import read_for_board
from fairforget.board.making.worst import by_sample
from fairforget.board.table import build
from fairforget.store.parts import Parts
from fairforget.store.reading import record_from_json
from fairforget.store.results import Results


def board(found):
    return render_json(build(found.records, rejected=found.rejected))


@pytest.fixture
def study(factory, tmp_path):
    """A folder of a run with a cell that failed, one that is no record, and what only some records have."""
    records = factory.make_study(draws=4, seeds=2)
    records[0] |= {"status": "failed", "scores": {}, "items": {}, "ledger": {}}
    records[0]["problems"] = [{"kind": "error", "message": "no", "traceback": "line 1"}]
    records[1]["scores"]["forget_mia"] |= {"value": None, "n": 0}
    records[1]["items"]["forget_mia"] = {"s0": None, "s1": 0.5}
    records[2]["trajectory"] = [{"update": 1, "forward_equivalents": 3, "scores": {"forget_rouge_l": 0.5}}]
    records[3]["ledger"] |= {"visits": {"a": 3, "b": 1}, "curriculum": [{"effective_sample_size": 1.5}]}
    folder = tmp_path / "run"
    factory.write(records, folder)
    (folder / "cells" / f"{'0' * 24}.json").write_text("[")
    return folder


@pytest.fixture
def read(study, tmp_path, monkeypatch):
    """Reads the study with an index; returns what was found and which files were opened for it."""
    monkeypatch.setattr(index_module, "_YOUNG", -1e9)
    opened = []
    real = many.read_record

    def watched(path, parts=None):
        opened.append(path.name)
        return real(path, parts)

    monkeypatch.setattr(many, "read_record", watched)

    def reading(*folders):
        opened.clear()
        found = read_for_board(folders or [study], cache=tmp_path / "cache", indexed=1)
        return found, list(opened)

    return reading


def files(folder):
    return sorted(path.name for path in (folder / "cells").iterdir())


def the_index(tmp_path):
    (path,) = (tmp_path / "cache" / "boards").iterdir()
    return path


def test_the_board_has_the_same_bytes_from_records_from_what_is_kept_and_from_the_index(study, read):
    whole = board(Results.read([study]))
    first, opened = read()
    assert opened == files(study)
    again, reopened = read()
    # What is no record is not in the index, and is looked at every time.
    assert reopened == [f"{'0' * 24}.json"]
    assert board(first) == board(again) == whole
    assert len(json.loads(whole)["rejected"]) == 1


def test_without_an_index_nothing_is_written(study, tmp_path):
    found = read_for_board([study], cache=tmp_path / "cache", indexed=10_000)
    assert board(found) == board(Results.read([study]))
    assert not (tmp_path / "cache").exists()


def test_read_again_are_the_files_that_changed(study, read, factory):
    read()
    cells = study / "cells"
    changed, gone = sorted(cells.iterdir())[5:7]
    record = json.loads(changed.read_text())
    record["scores"]["retain_rouge_l"]["value"] = 0.123
    changed.write_text(json.dumps(record))
    gone.unlink()
    new = factory.make_record(factory.make_cell("npo", index=99))
    factory.write([new], study)
    found, opened = read()
    assert sorted(opened) == sorted([f"{'0' * 24}.json", changed.name, f"{new['key']}.json"])
    assert board(found) == board(Results.read([study]))
    assert read()[1] == [f"{'0' * 24}.json"]


def test_of_the_seeds_of_a_draw_only_the_one_that_changed_is_read_again(study, read):
    read()
    mine = [json.loads(path.read_text()) for path in sorted((study / "cells").iterdir())[1:]]
    plain = [r for r in mine if r["status"] == "ok" and "trajectory" not in r and r["scores"]["forget_mia"]["n"]]
    twins = {}
    for record in plain:
        cell = {name: part for name, part in record["cell"].items() if name != "seed"}
        twins.setdefault(json.dumps([cell, record["environment"]]), []).append(record)
    one, other = next(found for found in twins.values() if len(found) == 2)
    one["scores"]["retain_rouge_l"]["value"] = 0.123
    (study / "cells" / f"{one['key']}.json").write_text(json.dumps(one))
    assert read()[1] == [f"{'0' * 24}.json", f"{one['key']}.json"]
    (study / "cells" / f"{other['key']}.json").unlink()
    found, opened = read()
    assert opened == [f"{'0' * 24}.json"]
    assert board(found) == board(Results.read([study]))
    assert read()[1] == [f"{'0' * 24}.json"]


def test_a_file_of_the_same_size_and_time_is_another_file_all_the_same(study, read):
    read()
    path = sorted((study / "cells").iterdir())[5]
    before = path.stat()
    text = path.read_text()
    assert '"status": "ok"' in text
    path.write_text(text.replace('"status": "ok"', '"status": "no"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    found, _ = read()
    assert path in {rejected.path for rejected in found.rejected}


def test_a_file_that_was_just_written_is_looked_at_again(study, read, monkeypatch):
    monkeypatch.setattr(index_module, "_YOUNG", 1e9)
    read()
    assert read()[1] == files(study)


def _execute(path, *statement):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(*statement).fetchall()


def _flip(path):
    content = bytearray(path.read_bytes())
    at = content.find(b"retain_rouge_l")
    content[at] ^= 1
    path.write_bytes(bytes(content))


def _number(path):
    ((number, packed),) = _execute(path, "SELECT number, numbers FROM blocks LIMIT 1")
    _execute(path, "UPDATE blocks SET numbers = ? WHERE number = ?", (packed[::-1], number))


def _kinds(path):
    _execute(path, "UPDATE parts SET text = x'00'")


def _nothing_in_blocks(path):
    _execute(path, "UPDATE blocks SET texts = '', sum = 0")


def _types(path):
    _execute(path, "UPDATE blocks SET texts = 5, numbers = 'x'")


def _rules(path):
    _execute(path, "UPDATE about SET rules = 'of yesterday'")


def _parts(path):
    _execute(path, "DELETE FROM parts")


def _table(path):
    _execute(path, "DROP TABLE blocks")


DAMAGE = {
    "a bit": _flip,
    "numbers": _number,
    "types": _types,
    "bytes for text": _kinds,
    "blocks of nothing": _nothing_in_blocks,
    "other code": _rules,
    "no parts": _parts,
    "no table": _table,
    "half of it": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "nothing": lambda path: path.write_bytes(b""),
    "something else": lambda path: path.write_bytes(b"not a database at all" * 100),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_is_thrown_away_and_made_again(damage, study, read, tmp_path):
    whole, _ = read()
    DAMAGE[damage](the_index(tmp_path))
    found, opened = read()
    assert opened == files(study)
    assert board(found) == board(whole)
    assert read()[1] == [f"{'0' * 24}.json"]


def test_where_no_index_can_be_written_the_files_are_read(study, read, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder would be")
    for _ in range(2):
        found, opened = read()
        assert opened == files(study)
        assert board(found) == board(Results.read([study]))


def test_an_index_that_another_process_writes_is_read_and_left(study, read, tmp_path):
    read()
    sorted((study / "cells").iterdir())[5].unlink()
    with contextlib.closing(sqlite3.connect(the_index(tmp_path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found, opened = read()
        assert opened == [f"{'0' * 24}.json"]
        assert board(found) == board(Results.read([study]))


def test_of_several_records_of_a_cell_the_same_one_stands_as_without_an_index(study, read, tmp_path):
    second = tmp_path / "second" / "cells"
    second.mkdir(parents=True)
    for i, path in enumerate(sorted((study / "cells").iterdir())[1:6]):
        record = json.loads(path.read_text())
        record["environment"]["cpus"] = 2 + i % 2
        (second / path.name).write_text(json.dumps(record))
    for folders in ([study, tmp_path / "second"], [tmp_path / "second", study]):
        for _ in range(2):
            found, _ = read(*folders)
            whole = Results.read(folders)
            assert board(found) == board(whole)
            assert found.rejected == whole.rejected


def test_processes_read_the_same(study, tmp_path, monkeypatch):
    monkeypatch.setattr(many, "WORTH", 1)
    monkeypatch.setattr(many, "CHUNK", 7)
    paths = sorted(map(str, (study / "cells").iterdir()))
    found = dict(many.read_packed(paths, Parts(), 2))
    assert found == dict(many.read_packed(paths, Parts(), 1))
    assert sorted(found) == paths


@pytest.mark.parametrize("program", ["/bin/false", "/no/such/program"])
def test_what_processes_that_die_leave_is_read_here(program, study, monkeypatch):
    paths = sorted(map(str, (study / "cells").iterdir()))
    wanted = dict(many.read_packed(paths, Parts(), 1))
    monkeypatch.setattr(many, "WORTH", 1)
    monkeypatch.setattr(many.sys, "executable", program)
    assert dict(many.read_packed(paths, Parts(), 2)) == wanted


def test_what_is_kept_says_what_the_record_says(factory):
    parts = Parts()
    for found in factory.make_study(draws=1, seeds=1):
        record = record_from_json(found, parts)
        kept = Unpacker().record(pack(record, parts))
        assert (kept.key, kept.cell, kept.status) == (record.key, record.cell, record.status)
        assert (kept.environment, kept.extra) == (record.environment, record.extra)
        assert dict(kept.scores) == dict(record.scores)
        assert by_sample(kept) == by_sample(record)
        # Nothing of what is kept needs the record.
        assert pack(kept, parts) == pack(record, parts)
