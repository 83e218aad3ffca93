from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.board.making.scores import cell_scores, harmonic_mean, harmonic_means

positive = st.floats(1e-6, 1e6)


@settings(derandomize=True, deadline=None)
@given(positive, positive)
def test_the_harmonic_mean_is_pythons(a, b):
    assert harmonic_mean(a, b) == pytest.approx(statistics.harmonic_mean([a, b]))


@pytest.mark.parametrize(("a", "b", "expected"), [(0, 1, 0), (1, 0, 0), (-0.1, 0.9, 0), (0, 0, 0), (5e-324, 1.0, 0)])
def test_who_has_nothing_of_one_gets_nothing(a, b, expected):
    assert harmonic_mean(a, b) == pytest.approx(expected, abs=1e-300)


anything = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 5e-324, 1.0, math.inf, math.nan, 1e308]))


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(anything, anything), min_size=1))
def test_many_means_at_once_are_those_of_each_bit_by_bit(pairs):
    at_once = harmonic_means(*np.array(pairs).T)
    each = np.array([harmonic_mean(a, b) for a, b in pairs])
    np.testing.assert_array_equal(at_once, each)


def record_of(factory, scores):
    return factory.read([factory.make_record(factory.make_cell(), scores=scores)])[0]


def test_averages_are_over_the_columns_that_enter_them(factory):
    make = factory.make_score
    found = cell_scores(
        record_of(
            factory,
            {
                "ua": make(0.9, "completeness", "probability"),
                "rr": make(0.5, "completeness", "generation"),
                "mia_vs_holdout": make(0.1, "completeness", average=False),
                "toxicity": make(0.2, "completeness", better="lower"),
                "retain": make(0.8, "utility"),
                "world": make(0.6, "utility"),
                "perplexity": make(12.0, "utility", better="lower"),
                "el": make(0.4, "diagnostic", better=None),
            },
        )
    )
    assert found.completeness == pytest.approx(0.7)
    assert found.utility == pytest.approx(0.7)
    assert found.score == pytest.approx(0.7)
    assert (found.by_probability, found.by_generation) == (0.9, 0.5)
    assert found.columns["perplexity"] == 12.0


def test_a_column_without_a_value_leaves_no_average(factory):
    make = factory.make_score
    scores = {"ua": make(0.9, "completeness"), "rr": make(None, "completeness"), "retain": make(0.8, "utility")}
    found = cell_scores(record_of(factory, scores))
    assert math.isnan(found.completeness)
    assert math.isnan(found.score)
    assert found.utility == 0.8


def test_columns_weigh_by_their_items(factory):
    make = factory.make_score
    scores = {
        "cyber": make(0.9, "utility", weigh_by="items", n=30),
        "chem": make(0.5, "utility", weigh_by="items", n=10),
        "empty": make(0.0, "utility", weigh_by="items", n=0),
        "ua": make(0.9, "completeness", n=30),
        "rr": make(0.5, "completeness", n=10),
    }
    found = cell_scores(record_of(factory, scores))
    assert found.utility == pytest.approx((27 + 5) / 40)
    assert found.completeness == pytest.approx(0.7)
    lost = {**scores, "empty": make(None, "utility", weigh_by="items", n=0)}
    assert math.isnan(cell_scores(record_of(factory, lost)).utility)
    nobody = {"cyber": make(0.9, "utility", weigh_by="items", n=0)}
    assert math.isnan(cell_scores(record_of(factory, nobody)).utility)


def test_without_utility_there_is_no_score(factory):
    found = cell_scores(record_of(factory, {"ua": factory.make_score(0.9, "completeness")}))
    assert math.isnan(found.score)


def test_a_failed_cell_has_nothing(factory):
    made = factory.make_record(factory.make_cell(), status="failed")
    found = cell_scores(factory.read([made])[0])
    assert math.isnan(found.score)
    assert found.columns == {}


def test_a_record_from_before_columns_had_weights_has_equal_ones(factory):
    old = {"a": factory.make_score(0.9, "utility", n=30), "b": factory.make_score(0.5, "utility", n=10)}
    for score in old.values():
        del score["weigh_by"]
    assert cell_scores(record_of(factory, old)).utility == pytest.approx(0.7)
