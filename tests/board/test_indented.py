"""The writer of ``board.json`` against that of the standard library."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.board.indented import indented

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(values)
def test_the_bytes_are_those_of_the_standard_library(value):
    assert indented(value) == json.dumps(value, indent=1, allow_nan=False)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, -float("inf")], {"a": {"b": float("nan")}}])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        indented(value)


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError):
        indented({"a": [object()]})
