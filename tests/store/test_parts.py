"""Shared parts: the same keys, and one object where many were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.store.parts import Parts
from fairforget.study.cell import cell_key

names = st.one_of(
    st.sampled_from(["schema", "task", "target", "draw", "method", "curriculum", "seed", "evaluation", "other", "é"]),
    st.text(max_size=5),
)
inner = st.sampled_from(["paths", "options", "base", "path", "label", "reference", "sampler", "metrics", "metric", "a"])
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.text(max_size=3),
)
values = st.recursive(
    plain, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(inner, deeper, max_size=4), max_leaves=12
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.dictionaries(names, values, max_size=6), min_size=1, max_size=4))
def test_the_key_is_that_of_a_cell_hashed_whole(cells):
    parts = Parts()
    for cell in [*cells, *json.loads(json.dumps(cells))]:
        shared = parts.cell(cell)
        assert shared == cell
        assert parts.key(shared) == cell_key(cell)


def test_equal_parts_are_one_object():
    parts = Parts()
    first, second = (parts.cell(json.loads('{"task": {"name": "a", "options": {"b": [1]}}, "seed": 1}')) for _ in "ab")
    assert first["task"] is second["task"]


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (0.0, -0.0), ("1", 1), ([], {}), (None, False)])
def test_what_json_tells_apart_is_never_one_object(one, other):
    parts = Parts()
    for value in (one, other):
        assert json.dumps(parts.shared([value])) == json.dumps([value])


def test_a_number_that_is_none_has_no_key():
    with pytest.raises(ValueError, match="not JSON compliant"):
        Parts().key({"seed": float("nan")})
