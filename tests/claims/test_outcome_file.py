"""``claims.json``: written the same each time, and read back with care."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.claims.outcome import Cost, Judged, OnTarget, Outcome
from fairforget.claims.outcome_file import (
    OutcomesUnusable,
    by_number,
    outcome_from_json,
    outcome_json,
    read_outcomes,
    write_outcomes,
)
from fairforget.claims.values import Effect

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
TEXTS = st.text(max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
EFFECTS = st.builds(
    Effect,
    value=NUMBERS,
    low=NUMBERS,
    high=NUMBERS,
    n=st.integers(0, 10**6),
    unit=TEXTS,
    problem=st.none() | TEXTS,
    figure=st.dictionaries(TEXTS, PLAIN, max_size=3),
)
JUDGED = st.builds(Judged, EFFECTS, st.sampled_from(["supported", "contradicted", "undecided"]))
CONTROLS = st.dictionaries(TEXTS, JUDGED, max_size=2)
OUTCOMES = st.builds(
    Outcome,
    claim=TEXTS,
    judged=JUDGED,
    controls=CONTROLS,
    targets=st.lists(st.builds(OnTarget, TEXTS, JUDGED, CONTROLS), max_size=2).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    cost=st.builds(
        Cost,
        *[st.integers(0, 10**6)] * 3,
        *[st.floats(0, 1e12)] * 2,
    ),
    units_to_decide=st.none() | st.integers(0, 10**6),
)


def outcome(name="tests/c1", value=0.5):
    judged = Judged(Effect(value, 0.1, math.inf, 8, figure={"points": [1.0, 2.0]}), "supported")
    return Outcome(name, judged, {}, (OnTarget("one", judged, {}),), ("a note",), Cost(3, 1, 0, 12.0, 0.5), None)


@settings(max_examples=80, deadline=None)
@given(OUTCOMES)
def test_what_is_written_is_read_back(one):
    text = json.dumps(outcome_json(one), allow_nan=False)
    again = outcome_from_json(json.loads(text))
    # By text, for NaN equals nothing.
    assert json.dumps(outcome_json(again), allow_nan=False) == text
    assert repr(again) == repr(one)


def test_a_file_has_the_claims_in_the_order_of_their_numbers_whatever_theirs(tmp_path):
    names = ["tests/c10", "tests/c2", "other/c3", "tests/c1"]
    path = write_outcomes(tmp_path / "a", [outcome(name) for name in names])
    again = write_outcomes(tmp_path / "b", [outcome(name) for name in reversed(names)])
    assert path.name == "claims.json"
    assert path.read_bytes() == again.read_bytes()
    assert [one.claim for one in read_outcomes(tmp_path / "a")] == ["other/c3", "tests/c1", "tests/c2", "tests/c10"]
    assert read_outcomes(path) == read_outcomes(tmp_path / "a")


def test_numbers_that_json_does_not_have_come_back(tmp_path):
    judged = Judged(Effect(math.nan, -math.inf, math.inf, 0, problem="nothing", figure={"x": math.nan}), "undecided")
    write_outcomes(tmp_path, [Outcome("c", judged, {}, (), (), Cost(0, 0, 0, 0.0, 0.0), None)])
    text = (tmp_path / "claims.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    (found,) = read_outcomes(tmp_path)
    assert math.isnan(found.judged.effect.value)
    assert (found.judged.effect.low, found.judged.effect.high) == (-math.inf, math.inf)
    assert found.judged.effect.figure == {"x": None}


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda f: f.update(schema=2), "schema"),
        (lambda f: f.update(schema=True), "schema"),
        (lambda f: f.pop("claims"), "'claims' is missing"),
        (lambda f: f.update(claims={}), "no list"),
        (lambda f: f["claims"].append(3), "no object"),
        (lambda f: f["claims"].append(f["claims"][0]), "twice"),
        (lambda f: f["claims"][0].update(verdict="proven"), "no verdict"),
        (lambda f: f["claims"][0].update(verdict=["supported"]), "no verdict"),
        (lambda f: f["claims"][0].pop("effect"), "'effect' is missing"),
        (lambda f: f["claims"][0]["effect"].update(value="1"), "no number"),
        (lambda f: f["claims"][0]["effect"].update(n=-1), "no number 0"),
        (lambda f: f["claims"][0]["effect"].update(n=1.5), "no number 0"),
        (lambda f: f["claims"][0]["effect"].update(figure=[]), "no object"),
        (lambda f: f["claims"][0]["cost"].update(seconds=-1.0), "negative"),
        (lambda f: f["claims"][0].update(notes=[1]), "no text"),
        (lambda f: f["claims"][0]["targets"][0].update(controls={"a": 1}), "no object"),
    ],
)
def test_a_file_that_somebody_edited_is_refused_with_a_reason(tmp_path, edit, why):
    path = write_outcomes(tmp_path, [outcome()])
    found = json.loads(path.read_text())
    edit(found)
    path.write_text(json.dumps(found))
    with pytest.raises(OutcomesUnusable, match=r"claims\.json") as caught:
        read_outcomes(tmp_path)
    assert why in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"schema": NaN}', b'{"a":1,"a":2}'])
def test_a_file_that_is_no_json_is_refused(tmp_path, content):
    (tmp_path / "claims.json").write_bytes(content)
    with pytest.raises(OutcomesUnusable):
        read_outcomes(tmp_path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(OutcomesUnusable, match="No such file"):
        read_outcomes(tmp_path)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=6), st.permutations(range(1, 25)))
def test_any_names_have_an_order_and_numbers_theirs(names, numbers):
    sorted(names, key=by_number)  # nothing that a claim is called is too odd to be put into order
    claims = [f"dist/c{number}" for number in numbers]
    assert sorted(claims, key=by_number) == [f"dist/c{number}" for number in range(1, 25)]
