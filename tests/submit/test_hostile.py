"""Whatever stands in a record that can be read, looking at it ends with reasons and not with an exception."""

from __future__ import annotations

import copy
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairforget.board.files.board_file import open_board
from fairforget.board.files.from_file import compose
from fairforget.registry import Registry
from fairforget.store.parts import Parts
from fairforget.store.reading import NotARecord, record_from_json
from fairforget.study.cell import cell_key
from fairforget.submit.digests import faults_of
from fairforget.submit.findings import Finding, summed_up
from fairforget.submit.installed import Installed
from fairforget.submit.layout import folder_of
from fairforget.submit.published import other_draws, slim

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["../x", "\x1b[2J", "\u202e", "fairforget/npo", "imported:x", "tofu-log", "oracle"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def installed():
    return Installed(Registry.discover())


@pytest.fixture
def record(study):
    return next(r for r in study(draws=1) if r["cell"]["method"]["label"] == "npo")


@pytest.fixture
def board(home):
    return open_board(home / "boards" / "people.yaml")


def places(value, path=()):
    """Yield where something stands in a record."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, found in inner:
        yield (*path, key)
        yield from places(found, (*path, key))


@given(data=st.data())
@settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_looking_at_a_record_never_fails(data, record, installed, board):
    hostile = copy.deepcopy(record)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(places(hostile), key=str)))
        part = hostile
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = data.draw(values)
    if isinstance(hostile.get("cell"), dict):
        hostile["key"] = cell_key(hostile["cell"])
    try:
        found = record_from_json(hostile)
    except NotARecord:
        return
    reasons = [*faults_of(found, 1), *installed.faults_of(found), str(installed.missing(found))]
    assert all(isinstance(reason, str) and len(reason) < 1000 for reason in reasons)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]*", part) for part in folder_of(found.cell).parts)
    light = slim(found, Parts())
    list(other_draws([light], [("x", slim(record_from_json(record), Parts()))]))
    compose(board, [light], (), {})


def test_a_reason_that_many_files_share_is_one_line():
    found = [Finding(f"b{i}", "broken") for i in range(3)] + [Finding("a", "odd")]
    assert summed_up(found) == ["b0 and 2 more: broken", "a: odd"]
