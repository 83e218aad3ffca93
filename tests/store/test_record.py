from __future__ import annotations

import copy
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.store.jsonable import jsonable
from fairforget.store.reading import NotARecord, read_record, record_from_json
from fairforget.store.record import Record, Rejected, record_path, write_record


def test_a_record_is_read_as_it_was_written(tmp_path, factory):
    made = factory.make_record(factory.make_cell(seed=3), problems=[{"kind": "slow", "message": "x", "traceback": "y"}])
    path = write_record(tmp_path / "cells", made)
    assert path == record_path(tmp_path / "cells", made["key"])
    record = read_record(path)
    assert isinstance(record, Record)
    assert record.to_json() == made
    assert record.extra["draw_info"] == made["draw_info"]
    assert list(record.scores) == list(made["scores"])
    assert write_record(tmp_path / "again", record).read_bytes() == path.read_bytes()


def test_numbers_that_json_does_not_have_become_null_and_a_problem(tmp_path, factory):
    made = factory.make_record(factory.make_cell())
    made["scores"]["forget_mia"]["value"] = math.nan
    made["scores"]["forget_mia"]["details"] = {
        "auc": np.float32(0.5),
        "curve": np.arange(2),
        "path": Path("a"),
        "o": object(),
    }
    made["items"]["forget_mia"]["s1"] = math.inf
    made["ledger"]["loss"] = [0.5, -math.inf]
    record = read_record(write_record(tmp_path, made))
    assert isinstance(record, Record)
    assert record.scores["forget_mia"].value is None
    assert record.items["forget_mia"]["s1"] is None
    assert record.ledger["loss"] == [0.5, None]
    assert record.scores["forget_mia"].details["curve"] == [0, 1]
    told = {problem.kind: problem.message for problem in record.problems}
    assert set(told) == {"not-finite", "not-json"}
    for place in ("scores.forget_mia.value", "items.forget_mia.s1", "ledger.loss[1]"):
        assert place in told["not-finite"]
    assert "scores.forget_mia.details.o" in told["not-json"]
    assert made["problems"] == []  # what was handed over is not edited


def test_a_record_whose_key_is_not_its_cells_is_not_written(tmp_path, factory):
    made = factory.make_record(factory.make_cell())
    with pytest.raises(ValueError, match="key"):
        write_record(tmp_path, {**made, "key": "0" * 24})
    with pytest.raises(ValueError, match="key"):
        record_path(tmp_path, "../../etc/passwd")
    assert os.listdir(tmp_path) == []


@settings(derandomize=True, deadline=None)
@given(
    st.recursive(
        st.none() | st.floats() | st.integers() | st.text() | st.booleans(),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(), x, max_size=3) | st.tuples(x, x),
        max_leaves=10,
    )
)
def test_anything_becomes_json(value):
    clean, _ = jsonable(value)
    assert json.loads(json.dumps(clean, allow_nan=False)) == clean


def test_what_contains_itself_becomes_json():
    loop = []
    loop.append(loop)
    clean, faults = jsonable({"a": loop})
    json.dumps(clean)
    assert faults["not-json"]


def replaced(record, path, value):
    changed = copy.deepcopy(record)
    part = changed
    for name in path[:-1]:
        part = part[name]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("schema",), 2, "schema is '2'"),
        (("schema",), True, "schema"),
        (("schema",), ..., "schema"),
        (("key",), "../../etc/passwd", "not 24 hex digits"),
        (("key",), "0" * 24, "the cell was edited, or made by another version"),
        (("cell", "seed"), 7, "the cell was edited"),
        (("cell", "seed"), -1, "cell.seed is -1"),
        (("cell", "seed"), True, "cell.seed is True"),
        (("cell", "draw", "index"), "0", "cell.draw.index is '0'"),
        (("cell", "draw", "forget"), [1], "no list of sample ids"),
        (("cell", "method", "name"), "x" * 20_000, "20000 characters"),
        (("cell", "curriculum"), 3, "cell.curriculum is 3"),
        (("cell", "curriculum"), ..., "cell.curriculum is missing"),
        (("cell", "budget"), ..., "cell.budget is missing"),
        (("cell",), [], "cell is list"),
        (("status",), "done", "status is 'done'"),
        (("status",), ["ok"], "status is list"),
        (("problems",), {}, "problems is no list"),
        (("problems",), [{"kind": 1, "message": ""}], "problems\\[0\\].kind is 1"),
        (("scores", "forget_mia", "value"), "0.5", "scores.forget_mia.value is '0.5'"),
        (("scores", "forget_mia", "value"), True, "scores.forget_mia.value is True"),
        (("scores", "forget_mia", "value"), math.nan, "scores.forget_mia.value is nan"),
        (("scores", "forget_mia", "n"), 1.5, "scores.forget_mia.n"),
        (("scores", "forget_mia", "role"), "winner", "scores.forget_mia.role"),
        (("scores", "forget_mia", "average"), 1, "scores.forget_mia.average"),
        (("items", "forget_mia"), [0.5], "items.forget_mia is list"),
        (("items", "forget_mia", "s0"), {}, "items.forget_mia.s0 is dict"),
        (("item_hashes", "s0"), 5, "item_hashes.s0"),
        (("ledger",), None, "ledger is missing"),
    ],
)
def test_a_record_with_a_fault_is_refused_with_its_place(factory, path, value, told):
    with pytest.raises(NotARecord, match=told):
        record_from_json(replaced(factory.make_record(factory.make_cell()), path, value))


def test_a_record_under_another_name_is_refused(tmp_path, factory):
    made = factory.make_record(factory.make_cell())
    path = tmp_path / f"{'0' * 24}.json"
    path.write_text(json.dumps(made))
    found = read_record(path)
    assert isinstance(found, Rejected)
    assert made["key"] in found.reason


def test_no_file_is_waited_for_and_none_is_a_traceback(tmp_path):
    pipe = tmp_path / f"{'1' * 24}.json"
    os.mkfifo(pipe)
    folder = tmp_path / f"{'2' * 24}.json"
    folder.mkdir()
    missing = tmp_path / f"{'3' * 24}.json"
    assert read_record(pipe).reason == "not a regular file"
    assert isinstance(read_record(folder), Rejected)
    assert "cannot be read" in read_record(missing).reason


def paths(value, at=()):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from paths(one, (*at, name))


junk = st.recursive(
    st.sampled_from(
        [None, True, -1, 0, 10**200, 1e300, -1e300, 1e-320, "", "ok", "<script>", "\ud800", "\u202e", "x" * 11_000]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "a", ""]), inner, max_size=2),
    max_leaves=4,
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(data=st.data())
def test_no_record_whatever_stands_in_it_raises_anything_else(factory, data):
    made = factory.make_record(factory.make_cell(), key="")
    places = [path for path in paths(made) if path and path != ("key",)]
    for _ in range(data.draw(st.integers(1, 3))):
        try:
            made = replaced(made, data.draw(st.sampled_from(places)), data.draw(junk))
        except (KeyError, TypeError, IndexError):  # the place went with an earlier change
            continue
    try:
        from fairforget.study.cell import cell_key

        made["key"] = cell_key(made["cell"])
        record = record_from_json(json.loads(json.dumps(made)))
    except (NotARecord, ValueError):
        return
    assert record_from_json(record.to_json()) == record
