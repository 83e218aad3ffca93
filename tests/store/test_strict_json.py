from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.store import strict_json
from fairforget.store.strict_json import NotJson, parse

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None)
@given(values)
def test_plain_json_is_read_as_it_was_written(value):
    assert parse(json.dumps(value).encode()) == value


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0123456789eE+-.NaIfnityrule \\u', max_size=60).map(str.encode))
def test_bytes_are_json_or_refused(content):
    with contextlib.suppress(NotJson):
        json.dumps(parse(content), allow_nan=False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b"[Infinity]", "Infinity"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e999]", "too large"),
        (b"1e999", "too large"),
        (b"[" + b"9" * 400 + b"]", "400 digits"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b"[" * 100 + b"]" * 100, "nested deeper than 64"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"a":' * 50_000, "nested too deeply"),
        (b"\xff\xfe", "not UTF-8"),
        (b"", "not JSON"),
        (b'{"a": 1} x', "not JSON"),
        (b'{"a": 1', "not JSON"),
    ],
)
def test_what_is_refused_and_why(text, told):
    with pytest.raises(NotJson, match=told):
        parse(text)


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch):
    monkeypatch.setattr(strict_json, "MAX_BYTES", 10)
    with pytest.raises(NotJson, match="larger than"):
        parse(b'"' + b"x" * 20 + b'"')


def test_a_key_that_stands_twice_at_the_end_of_many_is_found_at_once():
    """Looking for each key among all of them took minutes for a file of a few megabytes."""
    many = ",".join(f'"k{i}":0' for i in range(200_000))
    begin = time.process_time()
    with pytest.raises(NotJson, match="'k199999' stands twice"):
        parse(f'{{{many},"k199999":1}}'.encode())
    assert time.process_time() - begin < 10
