"""The identity of a cell."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import PluginSpec
from fairforget.errors import FairforgetError
from fairforget.study import cell as cell_module
from fairforget.study.cell import Cell, canonical_json, cell_key
from fairforget.study.options import build

FIXED = settings(derandomize=True, deadline=None, max_examples=200)

CELL = {
    "schema": 1,
    "task": {
        "name": "fairforget/people",
        "dist_version": "0.1.0",
        "version": 3,
        "options": {"split": "forget10", "data": "/home/a/data", "groups": 5},
        "paths": ["data"],
        "data": "d" * 64,
    },
    "target": {
        "id": "a" * 24,
        "base": {"kind": "pretrained", "path": "/models/base", "revision": None, "dtype": "float32"},
        "training": {"epochs": 3, "learning_rate": 1e-3},
        "template": {"prompt": "{prompt}"},
        "max_length": 512,
        "seed": 0,
    },
    "draw": {
        "sampler": {"name": "fairforget/random", "dist_version": "0.1.0", "options": {"with_replacement": False}},
        "stratum": "random",
        "index": 0,
        "unit": "group",
        "size": 8,
        "forget": ["0-0", "0-1"],
        "digest": "e" * 64,
    },
    "method": {
        "name": "fairforget/sleepy",
        "dist_version": "0.1.0",
        "options": {"beta": 0.1},
        "label": "sleepy",
        "reference": None,
    },
    "curriculum": {
        "name": "fairforget/weighted",
        "dist_version": "0.1.0",
        "options": {"by": "mrd"},
        "difficulty": {"name": "fairforget/mrd", "dist_version": "0.1.0", "options": {"sigma": 0.001}},
        "label": "weighted",
    },
    "seed": 0,
    "budget": {"kind": "epochs", "amount": 2.5, "stop": {"rule": "memorization", "policy": "unseen", "every": None}},
    "optimizer": {"name": "adamw", "lr": 1e-5, "batch_size": 4, "betas": [0.9, 0.999]},
    "evaluation": {
        "metrics": [
            {
                "column": "forget_probability",
                "metric": {"name": "fairforget/probability", "dist_version": "0.1.0", "options": {"scope": "answer"}},
                "on": "forget",
                "role": "completeness",
                "complement": True,
            }
        ],
        "retain": None,
        "holdout": 100,
        "max_new_tokens": 64,
        "batch_tokens": 4096,
    },
}

OUT = {
    ("schema",),
    ("task", "paths", 0),
    ("task", "options", "data"),
    ("target", "base", "path"),
    ("draw", "sampler", "dist_version"),
    ("method", "label"),
    ("method", "reference"),
    ("curriculum", "label"),
    ("evaluation", "batch_tokens"),
}


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, (*path, i))
    else:
        yield path


def changed(path):
    found = copy.deepcopy(CELL)
    inside = found
    for part in path[:-1]:
        inside = inside[part]
    old = inside[path[-1]]
    inside[path[-1]] = {str: f"{old}x", int: 7777, float: 0.7777, type(None): 3}.get(type(old), not old)
    if isinstance(old, bool):
        inside[path[-1]] = not old
    return found


@pytest.mark.parametrize("path", sorted(leaves(CELL), key=str), ids=lambda path: ".".join(map(str, path)))
def test_every_leaf_changes_the_key_unless_it_changes_no_score(path):
    if path == ("task", "paths", 0):
        return  # names a leaf that is out; see the next test
    assert (cell_key(changed(path)) == cell_key(CELL)) == (path in OUT)


def test_an_option_is_out_only_while_it_is_named_as_a_path():
    named = changed(("task", "paths", 0))
    assert cell_key(named) != cell_key(CELL)


@pytest.mark.parametrize("path", sorted({path[:end] for path in leaves(CELL) for end in range(1, len(path))}, key=str))
def test_leaving_a_part_out_changes_the_key(path):
    if path == ("task", "paths"):
        return
    found = copy.deepcopy(CELL)
    inside = found
    for part in path[:-1]:
        inside = inside[part]
    del inside[path[-1]]
    assert cell_key(found) != cell_key(CELL)


def test_an_added_key_changes_the_key():
    assert cell_key({**CELL, "new": None}) != cell_key(CELL)
    assert cell_key({**CELL, "optimizer": {**CELL["optimizer"], "momentum": None}}) != cell_key(CELL)


def test_lists_have_an_order():
    found = copy.deepcopy(CELL)
    found["draw"]["forget"].reverse()
    assert cell_key(found) != cell_key(CELL)


def test_the_key_is_what_it_was():
    # Pinned: when this fails, results that exist lose their names. Raise KEY_VERSION and say so in the changelog.
    assert cell_module.KEY_VERSION == 2
    assert cell_key(CELL) == "cb553b02fa1857899baefc04"


def test_the_version_is_part_of_the_key(monkeypatch):
    before = cell_key(CELL)
    monkeypatch.setattr(cell_module, "KEY_VERSION", cell_module.KEY_VERSION + 1)
    assert cell_key(CELL) != before


def test_the_key_survives_json():
    assert cell_key(json.loads(json.dumps(CELL))) == cell_key(CELL)
    assert cell_key(json.loads(json.dumps(CELL, sort_keys=True, indent=2, ensure_ascii=False))) == cell_key(CELL)
    assert Cell.from_json(json.loads(json.dumps(CELL))).key == cell_key(CELL)
    assert Cell.from_json(CELL).to_json() == CELL


def test_the_key_is_a_plain_file_name():
    key = cell_key(CELL)
    assert len(key) == 24
    assert set(key) <= set("0123456789abcdef")


def test_whole_numbers_are_one_number():
    whole = copy.deepcopy(CELL)
    whole["budget"]["amount"] = 3
    other = copy.deepcopy(CELL)
    other["budget"]["amount"] = 3.0
    assert cell_key(whole) == cell_key(other)
    other["budget"]["amount"] = True
    assert cell_key(whole) != cell_key(other)


def test_a_default_written_out_is_the_default_left_out(registry):
    left_out = build(registry, "method", PluginSpec("sleepy", {})).to_json()
    for options in ({"beta": 0.1}, {"layers": [1, 2]}, {"folder": None}, left_out["options"]):
        written = build(registry, "method", PluginSpec("fairforget/sleepy", options)).to_json()
        assert cell_key({**CELL, "method": written}) == cell_key({**CELL, "method": left_out})


def test_another_version_of_a_method_is_another_cell(registry):
    before = build(registry, "method", PluginSpec("sleepy")).to_json()
    assert cell_key({**CELL, "method": before}) != cell_key({**CELL, "method": {**before, "dist_version": "0.2.0"}})


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=15,
)


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(list(value))}
    return [reordered(inner) for inner in value] if isinstance(value, list) else value


@FIXED
@given(st.dictionaries(st.sampled_from([*CELL, "x"]), JSON))
def test_any_json_object_has_one_key(cell):
    key = cell_key(cell)
    assert cell_key(json.loads(json.dumps(cell))) == key
    assert cell_key(reordered(cell)) == key


@FIXED
@given(JSON, JSON)
def test_canonical_json_tells_values_apart(a, b):
    def typed(value):
        if isinstance(value, bool):
            return ("bool", value)
        if isinstance(value, dict):
            return {key: typed(inner) for key, inner in value.items()}
        return [typed(inner) for inner in value] if isinstance(value, list) else value

    assert (canonical_json(a) == canonical_json(b)) == (typed(a) == typed(b))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, object(), {"a": b"x"}])
def test_what_is_no_json_has_no_key(value):
    with pytest.raises(ValueError, match=r"not the JSON of a cell|JSON compliant"):
        cell_key({**CELL, "budget": value})


def test_what_is_no_mapping_or_nested_too_deeply_has_no_key():
    with pytest.raises(ValueError, match="not the JSON of a cell"):
        cell_key([1])
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="not the JSON of a cell"):
        cell_key({"task": deep})


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ([], "not a cell of schema 1"),
        ({"schema": 2}, "not a cell of schema 1"),
        ({k: v for k, v in CELL.items() if k not in {"task", "seed"}}, "a cell without task, seed"),
        ({**CELL, "seed": True}, "a cell whose seed is bool"),
        ({**CELL, "method": []}, "a cell whose method is list"),
        ({**CELL, "draw": None}, "a cell whose draw is NoneType"),
    ],
)
def test_what_is_no_cell(cell, expected):
    with pytest.raises(FairforgetError, match=expected):
        Cell.from_json(cell)


def test_a_reference_row_has_no_curriculum():
    assert Cell.from_json({**CELL, "curriculum": None}).to_json()["curriculum"] is None
