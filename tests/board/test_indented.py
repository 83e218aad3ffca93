"""The writer of ``board.json`` against that of the standard library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.board.forms.json import plain
from fairforget.board.indented import indented


@dataclass(frozen=True, slots=True)
class Measured:
    """A value of a board."""

    value: Any
    inner: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Empty:
    """A value without fields."""


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)
numbers = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
measured = st.recursive(
    numbers,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.builds(Measured, inner, inner, inner)
    ),
    max_leaves=30,
)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=300)
@given(values)
def test_the_bytes_are_those_of_the_standard_library(value):
    assert indented(value) == json.dumps(value, indent=1, allow_nan=False)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=300)
@given(measured)
def test_the_bytes_of_a_value_are_those_of_what_it_is_in_plain_words(value):
    assert indented(value) == json.dumps(plain(value), indent=1, allow_nan=False)


@pytest.mark.parametrize("value", [5e-324, 9.99e-16, 1e-15, 1e-5, 1e-4, 0.99999999951, 999999999.5, 1e22, 1e308])
def test_a_number_is_written_as_python_writes_it_with_nine_digits(value):
    for number in (value, -value, np.float64(value)):
        expected = 0.0 if abs(number) < 1e-15 else float(f"{number:.9g}")
        assert indented(Measured(number, [number], {"a": number})) == json.dumps(
            {"value": expected, "inner": [expected], "theirs": {"a": float(number)}}, indent=1
        )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, -float("inf")], {"a": {"b": np.float64("nan")}}])
def test_what_is_no_number_is_none(value):
    assert indented(value) == json.dumps(plain(value), indent=1, allow_nan=False)
    assert "null" in indented(Measured(value, value, {"a": value}))


def test_what_is_no_json_is_refused():
    for value in ({"a": [object()]}, Measured(1.0, Empty(), None)):
        with pytest.raises(TypeError):
            indented(value)
