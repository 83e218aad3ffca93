"""Axes, ticks and places of names, up to the edge of what a float holds."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.board.forms.drawing import drawings
from fairforget.board.forms.html import render_html
from fairforget.board.page.axes import Scale, close_range, unit_range, upper_range
from fairforget.board.page.labels import spread
from fairforget.board.table import build


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.83, 0.95], (0.7, 1.0)),
        ([0.55, 0.95], (0.5, 1.0)),
        ([0.54, 0.95], (0.0, 1.0)),
        ([1.0, 1.0], (0.8, 1.0)),
        ([0.9, 1.3], (0.8, 1.3)),
        ([5.0, 5.0], (0.8, 5.0)),
        ([float("nan"), 0.9], (0.0, 1.0)),
        ([], (0.0, 1.0)),
    ],
)
def test_an_axis_of_shares_begins_at_0_where_a_row_is_near_it(values, expected):
    assert upper_range(values) == pytest.approx(expected)


def test_the_plane_says_where_its_axes_begin(factory):
    records = [
        factory.make_record(factory.make_cell(method, index=i), 0.3 + 0.1 * i, u)
        for i in range(3)
        for method, u in (("npo", 0.82), ("idk", 0.9))
    ]
    found = drawings(build(factory.read(records)).tables[0])["plane"]
    assert found.about.endswith("The axis of utility begins at 0.7.")


EDGES = (1.7e308, -1.7e308, 1e300, 1e-310, 5e-324, -5e-324, 0.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # sums of such numbers are infinite, and that is fine here
@pytest.mark.parametrize("one", EDGES)
@pytest.mark.parametrize("other", EDGES)
def test_numbers_at_the_edge_of_what_a_float_holds_are_drawn(factory, one, other):
    records = []
    for i in range(3):
        for method, value in (("npo", one), ("idk", other), ("grad-diff", one)):
            record = factory.make_record(factory.make_cell(method, index=i), 0.5, 0.5)
            for score in record["scores"].values():
                score["value"] = value
            record["items"] = {}
            record["ledger"] |= {"forward_equivalents": abs(value), "updates": abs(value)}
            record["draw_info"]["covariates"] = {"length": value, "other": other * (i % 2)}
            records.append(record)
    text = render_html(build(factory.read(records)))
    places = re.findall(r' (?:[xy][12]?|cx|cy|r|d|width|height|transform)="([^"]*)"', text)
    assert len(places) > 30
    assert not [place for place in places if re.search("nan|inf|e[+-]", place)]


@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(-50, 150), min_size=1, max_size=12))
def test_names_are_spread_in_order_and_inside(wanted):
    found = spread(wanted, 8.0, 0.0, 100.0)
    assert all(-0.01 <= place <= 100.01 for place in found)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    gaps = [found[b] - found[a] for a, b in itertools.pairwise(order)]
    assert all(gap >= min(8.0, 100 / max(len(wanted) - 1, 1)) - 0.02 for gap in gaps)


@settings(derandomize=True, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 8))
def test_ticks_are_round_few_and_inside(low, width, most):
    scale = Scale(low, low + width, 40.0, 350.0)
    places = [place for place, _ in scale.ticks(most)]
    assert len(places) <= most + 1
    assert all(39.9 <= place <= 350.1 for place in places)
    assert places == sorted(places)


def test_ranges_are_never_empty():
    assert unit_range([0.4]) == (0.0, 1.0)
    assert unit_range([-2.0, 3.0]) == (-2.0, 3.0)
    for values in ([0.0], [5.0, 5.0], [-1e9], [1.0, 2.0]):
        low, high = close_range(values)
        assert low < min(values) <= max(values) < high
