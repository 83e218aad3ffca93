"""Utility interpolated at a completeness, and what was never reached."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.run.looks.matched import Point, matched
from fairforget.run.looks.path import Moment
from fairforget.store.record import Score

share = st.floats(0, 1, allow_nan=False, width=32)


def score(value, role, *, n=1, weigh_by="columns", average=True):
    better = None if role == "diagnostic" else "higher"
    return Score(value, n, role, better, average, None, weigh_by=weigh_by)


def point(update, completeness, utility, cost=10):
    scores = {"c": score(completeness, "completeness"), "u": score(utility, "utility")}
    return Point(Moment(update, update * cost, float(update)), scores)


def test_between_two_looks():
    """0.5 lies 2/3 of the way from 0.3 to 0.6, so update 2 + 2/3 * 2 and utility 0.9 - 2/3 * 0.3."""
    way = [point(0, 0.0, 1.0), point(2, 0.3, 0.9), point(4, 0.6, 0.6), point(6, 0.9, 0.1)]
    found = matched(way, 0.5)
    assert found.pop("utility") == {"u": pytest.approx(0.7)}
    expected = {"completeness": 0.5, "reached": True, "best": 0.9, "update": 10 / 3, "forward_equivalents": 100 / 3}
    assert found == pytest.approx({**expected, "utility_average": 0.7})


@pytest.mark.parametrize("goal", [0.0001, 0.3, 0.6])
def test_a_look_at_the_goal_itself(goal):
    way = [point(0, 0.0, 1.0), point(1, 0.3, 0.9), point(2, 0.6, 0.5)]
    found = matched(way, goal)
    if goal in {0.3, 0.6}:
        update = {0.3: 1, 0.6: 2}[goal]
        assert (found["update"], found["utility"]["u"]) == (update, way[update].scores["u"].value)
    else:
        assert 0 < found["update"] < 0.001


def test_an_unreachable_goal_is_a_failure_with_its_best():
    found = matched([point(0, 0.1, 1.0), point(5, 0.72, 0.9), point(9, 0.7, 0.2)], 0.95)
    nowhere = {"update": None, "forward_equivalents": None, "utility": None, "utility_average": None}
    assert found == {"completeness": 0.95, "reached": False, "best": 0.72, **nowhere}


def test_nothing_measured_is_a_failure_too():
    assert matched([], 0.5)["reached"] is False
    found = matched([point(0, None, 1.0), point(1, None, 0.5)], 0.5)
    assert (found["reached"], found["best"]) == (False, None)


def test_a_target_above_the_goal_is_there_at_its_start():
    found = matched([point(0, 0.6, 0.9), point(2, 0.9, 0.1)], 0.5)
    assert (found["reached"], found["update"], found["utility"]["u"]) == (True, 0, 0.9)


def test_only_the_first_time_counts():
    way = [point(0, 0.0, 1.0), point(1, 0.6, 0.8), point(2, 0.2, 0.7), point(3, 0.9, 0.0)]
    assert matched(way, 0.5)["update"] == pytest.approx(5 / 6)


def test_a_look_without_a_completeness_is_passed_over():
    way = [point(0, 0.0, 1.0), point(1, None, 0.3), point(2, 1.0, 0.5)]
    found = matched(way, 0.5)
    assert (found["update"], found["utility_average"]) == (1, 0.75)


def test_a_utility_without_a_value_is_none_and_the_goal_is_reached_all_the_same():
    found = matched([point(0, 0.0, 1.0), point(2, 1.0, None)], 0.5)
    assert (found["reached"], found["update"]) == (True, 1)
    assert (found["utility"], found["utility_average"]) == ({"u": None}, None)


def test_averages_are_those_of_the_board():
    """Columns that weigh by items, and columns that stand in no average."""
    looks = []
    for update, (a, b, u, v) in enumerate([(0.0, 0.0, 1.0, 0.5), (0.9, 0.3, 0.2, 0.4)]):
        scores = {
            "a": score(a, "completeness", n=3, weigh_by="items"),
            "b": score(b, "completeness", n=1, weigh_by="items"),
            "beside": score(0.0, "completeness", average=False),
            "u": score(u, "utility"),
            "v": score(v, "utility"),
            "d": score(7.0, "diagnostic"),
        }
        looks.append(Point(Moment(update, 0, 0.0), scores))
    # (3 * 0.9 + 0.3) / 4 = 0.75 at the second look, so 0.375 is half way.
    found = matched(looks, 0.375)
    assert found["update"] == pytest.approx(0.5)
    assert found["utility"] == {"u": pytest.approx(0.6), "v": pytest.approx(0.45)}
    assert found["utility_average"] == pytest.approx((0.6 + 0.45) / 2)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.tuples(share, share), min_size=2, max_size=12), st.floats(0.01, 1))
def test_on_a_rising_path_it_is_linear_interpolation(pairs, goal):
    """Against numpy's, which interpolates along a strictly rising axis."""
    rising = sorted({c for c, _ in pairs})
    utility = [u for _, u in pairs][: len(rising)]
    found = matched([point(i, c, u) for i, (c, u) in enumerate(zip(rising, utility, strict=True))], goal)
    assert found["reached"] == (rising[-1] >= goal)
    assert found["best"] == rising[-1]
    if found["reached"]:
        assert found["update"] == pytest.approx(np.interp(goal, rising, range(len(rising))), abs=1e-9)
        assert found["utility_average"] == pytest.approx(np.interp(goal, rising, utility), abs=1e-9)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.one_of(st.none(), share), share), max_size=12), st.floats(0.01, 1))
def test_it_never_leaves_the_looks_around_the_goal(pairs, goal):
    way = [point(i, c, u) for i, (c, u) in enumerate(pairs)]
    found = matched(way, goal)
    values = [math.nan if c is None else c for c, _ in pairs]
    assert found["reached"] == any(v >= goal for v in values)
    if found["reached"]:
        first = next(i for i, v in enumerate(values) if v >= goal)
        before = max((i for i in range(first) if not math.isnan(values[i])), default=first)
        assert before <= found["update"] <= first
        low, high = sorted((pairs[before][1], pairs[first][1]))
        assert low - 1e-9 <= found["utility_average"] <= high + 1e-9
